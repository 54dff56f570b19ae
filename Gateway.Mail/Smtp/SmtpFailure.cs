namespace Gateway.Mail.Smtp;

/// <summary>A session could not be opened or went on no longer: the phase, the kind, and the reply if there was one.</summary>
public sealed class SmtpFailure : Exception
{
    public SmtpFailure(SmtpPhase phase, SmtpFailureKind kind, string message, SmtpReply? reply, Exception? inner)
        : base(message, inner)
    {
        Phase = phase;
        Kind = kind;
        Reply = reply;
    }

    public SmtpFailure(SmtpPhase phase, SmtpFailureKind kind, string message)
        : this(phase, kind, message, reply: null, inner: null) { }

    public SmtpPhase Phase { get; }

    public SmtpFailureKind Kind { get; }

    public SmtpReply? Reply { get; }

    internal static SmtpFailure Refused(SmtpPhase phase, SmtpReply reply) =>
        new(phase, SmtpFailureKind.Refused, $"{phase}: {reply}", reply, inner: null);
}
