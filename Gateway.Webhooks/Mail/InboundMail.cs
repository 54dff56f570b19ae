using Gateway.ReturnMail;

namespace Gateway.Webhooks.Mail;

/// <summary>One mail for one of our addresses, as it came.</summary>
/// <param name="Content">Its beginning, as much as is kept.</param>
/// <param name="Size">Octets of all of it.</param>
internal sealed record InboundMail(ReturnTarget Target, string MailFrom, string? Peer, byte[] Content, int Size);
