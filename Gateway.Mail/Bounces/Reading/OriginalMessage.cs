using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>What identifies the message reported about, from the copy of its header.</summary>
internal sealed class OriginalMessage
{
    private const int MaxGatewayFields = 20;
    private readonly ReportFields? fields;

    public OriginalMessage(string header)
    {
        fields = ReportFields
            .Read(header)
            .FirstOrDefault(group => group.Has("message-id") || group.Has("from") || group.Has("received"));
    }

    public string? MessageId =>
        fields?.First("message-id") is { } id
        && MessageIdList.Parse(System.Text.Encoding.UTF8.GetBytes(id), 1) is [var first]
            ? first
            : null;

    public string? ReturnPath => fields?.First("return-path") is { } path ? PlainText.Address(path) : null;

    /// <summary>The sole address of To, else null.</summary>
    public string? SoleRecipient
    {
        get
        {
            var to = fields?.First("to") ?? "";
            var (start, length) = AddressScan.Find(to);
            if (length == 0)
            {
                return null;
            }

            // "a@b <a@b>" is one.
            var first = to.Substring(start, length);
            var second = AddressScan.Find(to, start + length);
            return
                second.Length == 0
                || to.AsSpan(second.Start, second.Length).Equals(first, StringComparison.OrdinalIgnoreCase)
                ? first
                : null;
        }
    }

    /// <summary>The first field of that name in the copy.</summary>
    public string? Field(string name) => fields?.First(name);

    public IReadOnlyDictionary<string, string> GatewayFields =>
        fields is null
            ? MailReport.NoFields
            : fields
                .Where(f => f.Name.StartsWith("x-gw-", StringComparison.OrdinalIgnoreCase))
                .Take(MaxGatewayFields)
                .DistinctBy(f => f.Name.ToLowerInvariant())
                .ToDictionary(f => f.Name.ToLowerInvariant(), f => f.Value);
}
