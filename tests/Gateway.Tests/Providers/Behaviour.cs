using System.Text.Json;
using Gateway.Tests.AppHost;
using ProviderEmulators.Faults;

namespace Gateway.Tests.Providers;

/// <summary>One row of tests/Corpus/outcomes/behaviours.json: what a provider does, and what it must come to at each.</summary>
internal sealed record Behaviour(string Name, BehaviourAt SendGrid, BehaviourAt Mailgun, BehaviourAt Smtp)
{
    /// <summary>What is odd about our side: where the name leads, what key or certificate we have.</summary>
    public string Client { get; init; } = "";

    /// <summary>Waits for a time-out; ours are short then.</summary>
    public bool Hangs { get; init; }

    /// <summary>Mails sent in turn; the last one's result counts.</summary>
    public int Sends { get; init; } = 1;
    public bool SameMessage { get; init; }
    public bool Suppressed { get; init; }

    /// <summary>Bytes of the body.</summary>
    public int Size { get; init; }

    public static IReadOnlyList<Behaviour> ReadAll() =>
        JsonSerializer.Deserialize<Behaviour[]>(
            File.ReadAllText(Path.Combine(RepositoryRoot.Path, "tests", "Corpus", "outcomes", "behaviours.json")),
            JsonSerializerOptions.Web
        )!;
}

/// <summary>A behaviour at one provider.</summary>
/// <param name="Outcome">Where who wins a race decides what can be proven, both, with a bar.</param>
/// <param name="Kept">Mails that the provider has afterwards.</param>
internal sealed record BehaviourAt(string Outcome, string Scope, int Kept)
{
    public Fault? Fault { get; init; }

    /// <summary>Seconds, within two.</summary>
    public double? RetryAfter { get; init; }

    /// <summary>The fault with its long bodies written out.</summary>
    public Fault? Played =>
        Fault is { Body: { } body }
            ? Fault with
            {
                Body = body.Replace("{300000 x}", new string('x', 300_000), StringComparison.Ordinal)
                    .Replace("{3000 x}", new string('x', 3_000), StringComparison.Ordinal),
            }
            : Fault;
}
