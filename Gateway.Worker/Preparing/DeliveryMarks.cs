using Gateway.Providers;
using Gateway.ReturnMail;
using Gateway.Worker.Delivery;

namespace Gateway.Worker.Preparing;

/// <summary>What distinguishes the mail of one delivery from that of its message's others.</summary>
/// <param name="leaving">How recipients leave.</param>
/// <param name="returnAddresses">Null where no bounce domain is configured.</param>
public sealed class DeliveryMarks(LeavingOffer leaving, ReturnAddresses? returnAddresses)
{
    /// <summary>The message's mail as this recipient gets it.</summary>
    /// <exception cref="InvalidDataException">The ledger's bytes can no longer be read.</exception>
    public PreparedMail Mark(DeliveryWork work)
    {
        var mail = work.Content.Prepared;
        var fields = leaving.For(
            new UnsubscribeTarget(work.Claim.TenantId, work.Claim.DeliveryId, work.Facts.Stream, work.RecipientKey),
            work.ListUnsubscribe
        );
        return mail with { Content = LeavingOffer.AddTo(mail.Content, fields) };
    }

    /// <summary>
    /// Where bounces go. A path that tells everything itself has a return path of its own, and one whose envelope is the
    /// message's takes none of ours.
    /// </summary>
    public string MailFrom(DeliveryWork work, PathCapabilities path, int attempt) =>
        returnAddresses is not null && path is { EnvelopeIndependent: true, Events: not PathEvents.Full }
            ? returnAddresses.Bounce(work.Claim.DeliveryId, attempt)
            : work.FromAddress;
}
