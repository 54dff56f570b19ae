namespace Gateway.Cohorts;

/// <summary>Why a delivery was left as it is: stable words.</summary>
public static class ChangeReason
{
    public const string BeingSent = "being_sent";
    public const string MaybeSent = "outcome_unknown";
    public const string AlreadySent = "already_sent";
    public const string Ended = "ended";
    public const string NotHeld = "not_held";
    public const string Unfinished = "unfinished";
    public const string AlreadyResent = "already_resent";
    public const string Suppressed = "suppressed";
    public const string ContentGone = "content_gone";
    public const string DeadlinePassed = "deadline_passed";
    public const string TooManyDeliveries = "too_many_deliveries";
    public const string HeldByOperator = "held_by_operator";
    public const string NotFound = "not_found";

    public static string Explain(string reason) =>
        reason switch
        {
            Unfinished => "it is still on its way.",
            MaybeSent => "it may have been sent; wait until that is known.",
            AlreadySent => "it was sent; name it as ?delivery=… to send it once more.",
            AlreadyResent => "it was sent again already; look at that delivery.",
            Suppressed => "the recipient is suppressed.",
            ContentGone => "its content is not kept any more.",
            DeadlinePassed => "its deliver_within is over.",
            TooManyDeliveries => "a message can have 4095 deliveries and this one has them.",
            HeldByOperator =>
                "the operator, or the gateway on the platform's behalf, holds it; the operator releases it, and an unusual volume also a key that manages and was in use a day before.",
            _ => "it has ended.",
        };
}
