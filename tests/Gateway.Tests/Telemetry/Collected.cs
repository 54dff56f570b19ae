namespace Gateway.Tests.Telemetry;

/// <summary>A span, as it was exported.</summary>
internal sealed record CollectedSpan(
    string Service,
    string Source,
    string Name,
    string Trace,
    string Id,
    string Parent,
    ulong Start,
    ulong End,
    IReadOnlyDictionary<string, string> Tags
);

internal sealed record CollectedMetric(
    string Service,
    string Meter,
    string Name,
    string Unit,
    string Help,
    IReadOnlyList<IReadOnlyDictionary<string, string>> Series
);

internal sealed record CollectedLog(
    string Service,
    string Body,
    string Trace,
    string Severity,
    IReadOnlyDictionary<string, string> Tags
);

/// <summary>Reads OTLP's three requests; field numbers from opentelemetry-proto v1.</summary>
internal static class Otlp
{
    public static IEnumerable<CollectedSpan> Spans(ReadOnlyMemory<byte> request) =>
        from resource in ProtoMessage.Parse(request).All(1)
        from scope in resource.All(2)
        from span in scope.All(2)
        select new CollectedSpan(
            Service(resource),
            scope.One(1)?.Text(1) ?? "",
            span.Text(5),
            span.Hex(1),
            span.Hex(2),
            span.Hex(4),
            span.Number(7),
            span.Number(8),
            Tags(span, 9)
        );

    public static IEnumerable<CollectedMetric> Metrics(ReadOnlyMemory<byte> request) =>
        from resource in ProtoMessage.Parse(request).All(1)
        from scope in resource.All(2)
        from metric in scope.All(2)
        // gauge 5, sum 7, histogram 9: one of them, its points in field 1.
        let data = metric.One(5) ?? metric.One(7) ?? metric.One(9)
        select new CollectedMetric(
            Service(resource),
            scope.One(1)?.Text(1) ?? "",
            metric.Text(1),
            metric.Text(3),
            metric.Text(2),
            data is null ? [] : [.. data.All(1).Select(p => Tags(p, metric.Has(9) ? 9 : 7))]
        );

    public static IEnumerable<CollectedLog> Logs(ReadOnlyMemory<byte> request) =>
        from resource in ProtoMessage.Parse(request).All(1)
        from scope in resource.All(2)
        from record in scope.All(2)
        select new CollectedLog(
            Service(resource),
            record.One(5)?.Text(1) ?? "",
            record.Hex(9),
            record.Text(3),
            Tags(record, 6)
        );

    private static string Service(ProtoMessage resource) =>
        resource.One(1) is { } attributes ? Tags(attributes, 1).GetValueOrDefault("service.name", "") : "";

    private static Dictionary<string, string> Tags(ProtoMessage message, int field)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in message.All(field))
        {
            // AnyValue: string 1, bool 2, int 3.
            if (pair.One(2) is { } value)
            {
                tags[pair.Text(1)] = value.Has(1)
                    ? value.Text(1)
                    : $"{(value.Has(3) ? value.Number(3) : value.Number(2))}";
            }
        }

        return tags;
    }
}
