using System.Buffers;
using System.Net;
using Gateway.Mail.Smtp;
using Gateway.ReturnMail;

namespace Gateway.Webhooks.Mail;

/// <summary>
/// What one session of the bounce domain may do: bring mail to addresses that we made and to postmaster, abuse and their
/// like, and nothing else. Nothing is relayed and nothing is ever answered by mail; what is not for us is refused while its
/// sender listens.
/// </summary>
internal sealed partial class InboundMailPolicy(
    InboundRecipients recipients,
    InboundMailStore store,
    AddressRates rates,
    InboundMailOptions options,
    ILogger log
) : SmtpServerPolicy
{
    private static readonly SmtpReply NotOurs = SmtpReply.Of(550, "5.1.1 No such address here");
    private static readonly SmtpReply TooFast = SmtpReply.Of(
        451,
        "4.7.1 Too much mail from there; try again in a minute"
    );

    private static readonly SmtpReply TooMany = SmtpReply.Of(
        452,
        "4.3.1 Too much mail for this address; try again in an hour"
    );

    private readonly List<ReturnTarget> targets = [];

    public override ValueTask<SmtpReply?> OnMailFrom(SmtpPeer peer, SmtpSender sender, CancellationToken cancel)
    {
        targets.Clear();
        return default;
    }

    public override ValueTask<SmtpReply?> OnRcptTo(
        SmtpPeer peer,
        SmtpSender sender,
        SmtpPath recipient,
        CancellationToken cancel
    )
    {
        if (recipients.Read(recipient.ToString()) is not { } target)
        {
            Refused("address");
            return new(NotOurs);
        }

        if (!rates.TryCount(AddressOf(peer)))
        {
            Refused("rate");
            return new(TooFast);
        }

        if (target.Kind == ReturnKind.Report && !recipients.Reports.HasRoom())
        {
            Refused("reports");
            return new(TooMany);
        }

        if (!targets.Contains(target))
        {
            targets.Add(target);
        }

        return default;
    }

    public override async ValueTask<SmtpReply> OnMessage(SmtpPeer peer, SmtpMessage message, CancellationToken cancel)
    {
        var kept = message.Content.Slice(0, Math.Min(message.Content.Length, options.KeptBytes)).ToArray();
        var (size, from) = ((int)message.Content.Length, message.Sender.From.ToString());
        await store.KeepAsync(
            targets.Select(target => new InboundMail(
                target,
                from,
                AddressOf(peer)?.ToString(),
                target.Kind == ReturnKind.Report ? recipients.Reports.Take(kept) : kept,
                size
            ))
        );
        return SmtpReply.Of(250, "2.0.0 Ok");
    }

    public override void OnFault(SmtpPeer peer, Exception fault) => Failed(log, LoggableError.Of(fault).Message);

    private static IPAddress? AddressOf(SmtpPeer peer) => (peer.Address as IPEndPoint)?.Address;

    private static void Refused(string reason) =>
        GatewayTelemetry.InboundRefused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "Mail to the bounce domain was not kept; its sender was told to come again: {Problem}"
    )]
    private static partial void Failed(ILogger log, string problem);
}
