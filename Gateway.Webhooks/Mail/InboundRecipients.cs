using Gateway.ReturnMail;

namespace Gateway.Webhooks.Mail;

/// <summary>All that the bounce domain takes mail for.</summary>
internal sealed class InboundRecipients(ReturnAddresses made, InboundMailOptions options, TimeProvider clock)
{
    public string Domain => made.Domain;

    public ReportAddresses Reports { get; } = new(options, made.Domain, clock);

    /// <summary>What the address is for; null for what is not ours.</summary>
    public ReturnTarget? Read(string address)
    {
        var at = address.LastIndexOf('@');
        return at >= 0 && made.Read(address.AsSpan(0, at), address.AsSpan(at + 1)) is { } target
            ? target
            : Reports.Read(address);
    }
}
