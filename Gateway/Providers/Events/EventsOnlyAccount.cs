using Gateway.Mail;

namespace Gateway.Providers.Events;

/// <summary>
/// An account that tells events and sends nothing for us: mail that somebody else handed to it with our ids. No path of it
/// is ever eligible.
/// </summary>
public sealed class EventsOnlyAccount : IProvider
{
    /// <summary>Why no mail goes over it.</summary>
    public const string Reason = "events only";

    public PathCapabilities Capabilities { get; } = new() { Signs = PathSigner.Provider, Events = PathEvents.Full };

    public Task<SendResult> SendAsync(OutboundMail mail, CancellationToken cancel) =>
        Task.FromResult(new SendResult(Outcome.PathDown, OutcomeScope.Account, "Connect", Reason));

    /// <summary>Nothing speaks against it, and nothing is asked.</summary>
    public Task<SendResult> ProbeAsync(CancellationToken cancel) =>
        Task.FromResult(new SendResult(Outcome.Accepted, OutcomeScope.None, "Connect", Reason));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
