using System.Collections.Concurrent;

namespace ProviderEmulators;

/// <summary>A mail as an emulated provider took it.</summary>
public sealed record KeptMail
{
    /// <summary>The provider's id of it, as its events say it.</summary>
    public required string Id { get; init; }

    /// <summary><c>http</c> or <c>smtp</c>.</summary>
    public required string Transport { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string MailFrom { get; init; }
    public required IReadOnlyList<string> Recipients { get; init; }

    /// <summary>The JSON of the request, or the message's bytes, as UTF-8.</summary>
    public required string Content { get; init; }

    /// <summary>The customer's own data that come back in events.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Options of the request beside the message.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>What a provider would tell of a mail. Sending it, signed, to whoever subscribed is the place of another class.</summary>
public sealed record EmulatedEvent(string Id, string Event, string Recipient, DateTimeOffset At, KeptMail Mail)
{
    public string? Reason { get; init; }
}

/// <summary>All that one emulated provider took, and what it would tell of it.</summary>
public sealed class MailStore
{
    private readonly ConcurrentQueue<KeptMail> mails = new();
    private readonly ConcurrentQueue<EmulatedEvent> events = new();
    private Action<EmulatedEvent>? listeners;
    private readonly ConcurrentDictionary<string, bool> suppressed = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<KeptMail> Mails => [.. mails];

    public IReadOnlyList<EmulatedEvent> Events => [.. events];

    /// <summary>Addresses that the provider takes mail for and does not deliver to.</summary>
    public ICollection<string> Suppressed => suppressed.Keys;

    public void Suppress(string address) => suppressed[address] = true;

    public bool IsSuppressed(string address) => suppressed.ContainsKey(address);

    public void Keep(KeptMail mail) => mails.Enqueue(mail);

    /// <summary>From now on the listener is called with each event.</summary>
    public void TellTo(Action<EmulatedEvent> listener) => listeners += listener;

    public void Tell(KeptMail mail, string name, string recipient, string? reason = null)
    {
        var told = new EmulatedEvent(Guid.NewGuid().ToString("N"), name, recipient, DateTimeOffset.UtcNow, mail)
        {
            Reason = reason,
        };
        events.Enqueue(told);
        listeners?.Invoke(told);
    }

    public void Clear()
    {
        mails.Clear();
        events.Clear();
        suppressed.Clear();
    }
}
