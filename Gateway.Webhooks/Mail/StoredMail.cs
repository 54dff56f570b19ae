namespace Gateway.Webhooks.Mail;

/// <summary>A mail as it was kept.</summary>
/// <param name="Attempt">0 where the address did not tell it.</param>
/// <param name="Tries">How often it was taken up, this time included.</param>
internal sealed record StoredMail(
    Guid Id,
    string Kind,
    Guid DeliveryId,
    int Attempt,
    string MailFrom,
    byte[] Content,
    DateTimeOffset ReceivedAt,
    int Tries
);

/// <summary>Whose delivery it is.</summary>
/// <param name="RecipientKey">The recipient as policy compares it.</param>
internal sealed record MailOwner(Guid TenantId, string RecipientKey, string Stream);

/// <summary>What became of a mail.</summary>
/// <param name="Again">When it is to be taken up again; null: never.</param>
internal sealed record MailEnd(Guid Id, string State, string? Outcome, string? Problem, TimeSpan? Again);
