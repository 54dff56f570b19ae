using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Mail;
using Gateway.Mail.Messages;
using Gateway.Providers.Smtp;

namespace Gateway.Providers.SendGrid;

/// <summary>SendGrid's SMTP endpoint: the bytes as they are, our ids and settings in <c>X-SMTPAPI</c> (sendgrid.md §8).</summary>
internal sealed class SendGridRelay(SmtpRelayProvider relay) : IAsyncDisposable
{
    private const string ControlField = "X-SMTPAPI";
    private const string QueuedAs = "queued as ";

    public async Task<SendResult> SendAsync(OutboundMail mail, MimeMessage message, CancellationToken cancel)
    {
        var ids = CarriedIds.Of(mail);
        var pieces = StampedContent.Stamp(
            message,
            ControlField,
            [new(ControlField, Control(ids)), new(CarriedIds.Header, ids.Delivery)]
        );
        var result = await relay.SendAsync(mail with { Content = StampedContent.Join(pieces) }, cancel);
        return result.Outcome == Outcome.Accepted ? result with { ProviderId = QueueId(result.Reply) } : result;
    }

    public Task<SendResult> ProbeAsync(CancellationToken cancel) => relay.ProbeAsync(cancel);

    public ValueTask DisposeAsync() => relay.DisposeAsync();

    /// <summary>Exactly one such field is allowed; JSON in ASCII, well below 998 characters.</summary>
    internal static string Control(CarriedIds ids)
    {
        var filters = new JsonObject();
        foreach (
            var name in (ReadOnlySpan<string>)["clicktrack", "opentrack", "subscriptiontrack", "ganalytics", "footer"]
        )
        {
            filters[name] = new JsonObject { ["settings"] = new JsonObject { ["enable"] = 0 } };
        }

        return new JsonObject
        {
            ["unique_args"] = new JsonObject(ids.Pairs().Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
            ["filters"] = filters,
        }.ToJsonString(JsonSerializerOptions.Default);
    }

    // 250 Ok: queued as <id>
    private static string? QueueId(string reply)
    {
        var at = reply.IndexOf(QueuedAs, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        var id = reply.AsSpan(at + QueuedAs.Length).TrimStart('<');
        var end = id.IndexOfAny(" >\r\n");
        id = end < 0 ? id : id[..end];
        return id.Length is > 0 and <= 200 ? id.ToString() : null;
    }
}
