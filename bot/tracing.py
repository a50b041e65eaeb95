"""Traces by OpenTelemetry, sent over OTLP/HTTP. Imported only where an operator asks for them: it takes its time."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.trace.status import Status, StatusCode

from interlock import trace
from interlock.trace import Attributes, Kind

KINDS: Final[dict[Kind, api.SpanKind]] = {
    "internal": api.SpanKind.INTERNAL,
    "server": api.SpanKind.SERVER,
    "client": api.SpanKind.CLIENT,
    "consumer": api.SpanKind.CONSUMER,
}
EXPORT_SECONDS: Final = 3
"""For one batch, with all that is tried again: a collector that is away must not hold up the program's end."""


class Tracing:
    """Traces from its making until `stop`. The sampler and the exporter's headers and certificate are read from the
    environment by OpenTelemetry itself (`OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS` and the like).
    """

    def __init__(self, exporter: SpanExporter, instance: str) -> None:
        about = {"service.name": "interlock", "service.version": version("interlock"), "service.instance.id": instance}
        self._provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        trace.use(_Tracer(self._provider.get_tracer("interlock")))

    def flush(self) -> None:
        self._provider.force_flush(EXPORT_SECONDS * 1000)

    def stop(self) -> None:
        """What has ended is sent, unless nobody takes it."""
        trace.use(None)
        self.flush()
        self._provider.shutdown()


def over_http(endpoint: str, instance: str) -> Tracing:
    """`endpoint` as in OTEL_EXPORTER_OTLP_ENDPOINT: the collector's address without a path of its own."""
    return Tracing(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=EXPORT_SECONDS), instance)


class _Span:
    def __init__(self, span: api.Span) -> None:
        self._span = span
        told = span.get_span_context()
        self.traceparent = f"00-{told.trace_id:032x}-{told.span_id:016x}-{int(told.trace_flags):02x}"

    def note(self, name: str, value: str | int, /) -> None:
        self._span.set_attribute(name, value)


class _Tracer:
    def __init__(self, tracer: api.Tracer) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, parent: str, role: Kind, attributes: Attributes) -> Iterator[_Span]:
        context = self._propagator.extract({"traceparent": parent} if parent else {}, Context())
        span = self._tracer.start_span(name, context=context, kind=KINDS[role], attributes=dict(attributes))
        try:
            yield _Span(span)
        except BaseException as error:
            # Its name alone: an exception's text may quote what a log may not say.
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end()
