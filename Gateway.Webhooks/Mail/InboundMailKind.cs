using Gateway.ReturnMail;

namespace Gateway.Webhooks.Mail;

/// <summary>The kinds of our addresses as they stand in <c>inbound_mail.kind</c>.</summary>
internal static class InboundMailKind
{
    public const string Bounce = "bounce";
    public const string Unsubscribe = "unsubscribe";

    public static string Of(ReturnKind kind) => kind == ReturnKind.Unsubscribe ? Unsubscribe : Bounce;
}
