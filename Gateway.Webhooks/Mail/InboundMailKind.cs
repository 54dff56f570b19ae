using Gateway.ReturnMail;

namespace Gateway.Webhooks.Mail;

/// <summary>The kinds of our addresses as they stand in <c>inbound_mail.kind</c>.</summary>
internal static class InboundMailKind
{
    public const string Bounce = "bounce";
    public const string Unsubscribe = "unsubscribe";
    public const string Report = "report";

    public static string Of(ReturnKind kind) =>
        kind switch
        {
            ReturnKind.Unsubscribe => Unsubscribe,
            ReturnKind.Report => Report,
            _ => Bounce,
        };
}
