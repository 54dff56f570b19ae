using System.Buffers;
using System.Collections.Concurrent;
using Gateway.Mail.Smtp;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>
/// Takes what it is given and keeps it. <c>user</c> with <c>secret</c> may log in; <c>unknown@</c> is refused,
/// <c>later@</c> put off, and <c>fault@</c> throws.
/// </summary>
internal sealed class RecordingPolicy : SmtpServerPolicy
{
    public ConcurrentQueue<(SmtpSender Sender, IReadOnlyList<SmtpPath> Recipients, byte[] Content)> Messages { get; } =
        new();

    public ConcurrentQueue<string> Logins { get; } = new();

    public ConcurrentQueue<Exception> Faults { get; } = new();

    public override ValueTask<SmtpReply?> OnAuth(SmtpPeer peer, SmtpLogin login, CancellationToken cancel)
    {
        Logins.Enqueue($"{login.Authorize}/{login.Identity}/{login.Secret}");
        return login is { Identity: "user", Secret: "secret" } ? default : base.OnAuth(peer, login, cancel);
    }

    public override ValueTask<SmtpReply?> OnMailFrom(SmtpPeer peer, SmtpSender sender, CancellationToken cancel) =>
        Decide(sender.From);

    public override ValueTask<SmtpReply?> OnRcptTo(
        SmtpPeer peer,
        SmtpSender sender,
        SmtpPath recipient,
        CancellationToken cancel
    ) => Decide(recipient);

    public override ValueTask<SmtpReply> OnMessage(SmtpPeer peer, SmtpMessage message, CancellationToken cancel)
    {
        Messages.Enqueue((message.Sender, message.Recipients, message.Content.ToArray()));
        return new(SmtpReply.Of(250, "2.0.0 kept"));
    }

    public override void OnFault(SmtpPeer peer, Exception fault) => Faults.Enqueue(fault);

    private static ValueTask<SmtpReply?> Decide(SmtpPath path) =>
        path.ToString().Split('@')[0] switch
        {
            "unknown" => new(SmtpReply.Of(550, "5.1.1 No such user\nhere")),
            "later" => new(SmtpReply.Of(451, "4.7.1 Come back")),
            "closing" => new(SmtpReply.Of(421, "4.3.2 Closing")),
            "fault" => throw new InvalidOperationException("a policy's own trouble"),
            _ => default,
        };
}
