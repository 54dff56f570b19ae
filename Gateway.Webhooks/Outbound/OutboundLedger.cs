namespace Gateway.Webhooks.Outbound;

/// <summary>The three books of the sender: who owns what, what is to be told, and what came of it.</summary>
internal sealed record OutboundLedger(SenderBook Book, EventTail Tail, ResultJournal Journal);
