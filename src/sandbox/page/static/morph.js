// Makes one tree like another by touching only what differs, so that focus, scroll, open menus and typed text stay.
//
// Children are matched by id, others by place. What a person entered is safe by itself: a browser ignores a new
// `value`, `checked` or `selected` attribute once somebody has used the field. `data-keep` names attributes (or
// "children") that belong to the page's own scripts and are left alone.

function kept(element) {
  return (element.dataset?.keep ?? "").split(" ");
}

function sameKind(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && (one.id ?? "") === (other.id ?? "");
}

function morphAttributes(from, to) {
  const keep = kept(to);
  for (const { name, value } of [...to.attributes]) {
    if (!keep.includes(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    if (!keep.includes(name) && !to.hasAttribute(name)) from.removeAttribute(name);
  }
}

function morphChildren(from, to) {
  const byId = new Map([...from.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const known = wanted.id ? byId.get(wanted.id) : undefined;
    if (known && known.nodeName === wanted.nodeName) {
      if (known === place) place = place.nextSibling;
      else from.insertBefore(known, place);
      morph(known, wanted);
    } else if (place && sameKind(place, wanted)) {
      const here = place;
      place = place.nextSibling;
      morph(here, wanted);
    } else {
      from.insertBefore(document.importNode(wanted, true), place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

export function morph(from, to) {
  if (from.isEqualNode(to)) return;
  if (from.nodeType !== Node.ELEMENT_NODE) {
    from.nodeValue = to.nodeValue;
    return;
  }
  morphAttributes(from, to);
  if (!kept(to).includes("children")) morphChildren(from, to);
}
