namespace Gateway.Providers;

/// <summary>
/// The ids that travel with a mail through a provider and come back in its events: all that a provider learns of us.
/// Their letters are of the alphabet that every provider keeps, and the keys collide with no field of an event.
/// </summary>
public readonly record struct CarriedIds(Guid DeliveryId, Guid MessageId, int Attempt)
{
    public const string DeliveryKey = "gw_id";
    public const string MessageKey = "gw_message";
    public const string AttemptKey = "gw_attempt";

    /// <summary>The field that a bounce or a complaint quotes back, whatever the provider does with the rest.</summary>
    public const string Header = "X-Gw-Message-Id";

    /// <summary>Digits of the largest attempt that is read back.</summary>
    private const int LongestAttempt = 5;

    public string Delivery => DeliveryId.ToString("D");
    public string Message => MessageId.ToString("D");

    /// <summary>One for each try of each delivery.</summary>
    public string AttemptName => $"{DeliveryId:D}-{Attempt}";

    public static CarriedIds Of(OutboundMail mail) => new(mail.DeliveryId, mail.MessageId, mail.Attempt);

    public IEnumerable<KeyValuePair<string, string>> Pairs() =>
        [new(DeliveryKey, Delivery), new(MessageKey, Message), new(AttemptKey, AttemptName)];

    /// <summary>Reads what an event carries back; false for what we did not write. The values are a stranger's claim.</summary>
    public static bool TryRead(string? delivery, string? message, string? attempt, out CarriedIds ids)
    {
        ids = default;
        if (!Guid.TryParseExact(delivery, "D", out var id) || !Guid.TryParseExact(message, "D", out var messageId))
        {
            return false;
        }

        var start = delivery.Length + 1;
        if (
            attempt is null
            || attempt.Length <= start
            || attempt.Length > start + LongestAttempt
            || !attempt.StartsWith(delivery, StringComparison.OrdinalIgnoreCase)
            || attempt[start - 1] != '-'
            || !int.TryParse(attempt.AsSpan(start), System.Globalization.NumberStyles.None, null, out var number)
        )
        {
            return false;
        }

        ids = new CarriedIds(id, messageId, number);
        return true;
    }
}
