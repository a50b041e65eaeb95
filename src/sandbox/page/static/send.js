// What this page tells the server, and what it tells the person when that fails.

export const app = () => document.getElementById("app");

let hiding;

export function tell(sentence) {
  const toast = document.getElementById("toast");
  toast.textContent = sentence;
  toast.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.classList.remove("shown"), 6000);
}

// Posts one act of the acting person; answers with the server's JSON, or with null after telling what went wrong.
export async function act(name, body) {
  let answer;
  try {
    const response = await fetch(`/client/${app().dataset.person}/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    answer = await response.json();
  } catch {
    tell("The practice workspace does not answer. Is it still running?");
    return null;
  }
  if (!answer.ok) tell(answer.error);
  return answer.ok ? answer : null;
}
