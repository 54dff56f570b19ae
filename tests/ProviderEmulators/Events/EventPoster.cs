using System.Threading.Channels;

namespace ProviderEmulators.Events;

/// <summary>How an emulated provider tells its events.</summary>
public sealed record PosterOptions
{
    /// <summary>What becomes of each recipient's mail after it was taken: an event's name with its reason, or null for none.</summary>
    public Func<string, (string Event, string? Reason)?> Fate { get; init; } = _ => ("delivered", null);

    /// <summary>Events in one request at most, where the provider sends several.</summary>
    public int Batch { get; init; } = 20;

    /// <summary>Each request is sent so often.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>Later events may come first.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Before each request.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Beside each request goes one that somebody else signed.</summary>
    public bool Forge { get; init; }

    /// <summary>Between tries of what was not answered 2xx; what comes later waits.</summary>
    public TimeSpan RetryEach { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Instead: the waits between the tries of one request, while others go on; after the last it is given up.</summary>
    public IReadOnlyList<TimeSpan>? Retries { get; init; }
}

/// <summary>How one kind of provider writes and signs.</summary>
public interface IEventWriter
{
    /// <summary>The provider puts several events into one request.</summary>
    bool Batches { get; }

    /// <param name="events">One, unless it batches.</param>
    /// <param name="forged">Signed by a key that is not the provider's.</param>
    EventPost Write(IReadOnlyList<EmulatedEvent> events, bool forged);
}

/// <summary>A request as bytes and headers, so that it can be sent again.</summary>
public sealed record EventPost(
    byte[] Body,
    IReadOnlyDictionary<string, string> Headers,
    string ContentType = "application/json"
);

/// <summary>Posts what the store is told, and goes on until each was taken: a provider's webhook, with its vices.</summary>
public sealed class EventPoster : IAsyncDisposable
{
    private readonly Channel<EmulatedEvent> waiting = Channel.CreateUnbounded<EmulatedEvent>();
    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly IEventWriter writer;
    private readonly PosterOptions options;
    private readonly Task loop;
    private int taken;
    private int refusedForgeries;
    private int takenForgeries;
    private int failures;
    private int givenUp;

    public EventPoster(MailStore store, Uri target, IEventWriter writer, PosterOptions? options = null)
    {
        (this.writer, this.options, Target) = (writer, options ?? new PosterOptions(), target);
        store.TellTo(told =>
        {
            waiting.Writer.TryWrite(told);
            if (told.Event is "processed" or "accepted" && this.options.Fate(told.Recipient) is { } fate)
            {
                store.Tell(told.Mail, fate.Event, told.Recipient, fate.Reason);
            }
        });
        loop = Task.Run(PostAsync);
    }

    /// <summary>Where it posts; may change while the provider repeats itself.</summary>
    public Uri Target { get; set; }

    /// <summary>Events that were answered 2xx.</summary>
    public int Taken => Volatile.Read(ref taken);

    public int RefusedForgeries => Volatile.Read(ref refusedForgeries);

    public int TakenForgeries => Volatile.Read(ref takenForgeries);

    /// <summary>Requests that were not answered 2xx and were repeated.</summary>
    public int Failures => Volatile.Read(ref failures);

    /// <summary>Events of requests that were not answered 2xx at the last try either.</summary>
    public int GivenUp => Volatile.Read(ref givenUp);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop;
        client.Dispose();
        stop.Dispose();
    }

    private async Task PostAsync()
    {
        var telling = new HashSet<Task>();
        try
        {
            while (await waiting.Reader.WaitToReadAsync(stop.Token))
            {
                await Task.Delay(options.Delay, stop.Token);
                var batch = new List<EmulatedEvent>();
                while (batch.Count < options.Batch && waiting.Reader.TryRead(out var next))
                {
                    batch.Add(next);
                }

                var told = batch.ToArray();
                if (options.Shuffle)
                {
                    Random.Shared.Shuffle(told);
                }

                foreach (var events in writer.Batches ? [told] : told.Select(e => (EmulatedEvent[])[e]))
                {
                    var tell = TellAsync(events);
                    if (options.Retries is null)
                    {
                        await tell;
                    }
                    else
                    {
                        telling.RemoveWhere(t => t.IsCompletedSuccessfully);
                        telling.Add(tell);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It is told to stop.
        }

        await Task.WhenAll(telling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task TellAsync(EmulatedEvent[] events)
    {
        if (options.Forge)
        {
            _ = await SendAsync(writer.Write(events, forged: true))
                ? Interlocked.Increment(ref takenForgeries)
                : Interlocked.Increment(ref refusedForgeries);
        }

        var post = writer.Write(events, forged: false);
        for (var copy = 0; copy < options.Copies; copy++)
        {
            for (var tries = 0; !await SendAsync(post); tries++)
            {
                Interlocked.Increment(ref failures);
                if (tries >= options.Retries?.Count)
                {
                    Interlocked.Add(ref givenUp, events.Length);
                    return;
                }

                await Task.Delay(options.Retries?[tries] ?? options.RetryEach, stop.Token);
            }
        }

        Interlocked.Add(ref taken, events.Length);
    }

    private async Task<bool> SendAsync(EventPost post)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Target)
            {
                Content = new ByteArrayContent(post.Body),
            };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", post.ContentType);
            foreach (var (name, value) in post.Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await client.SendAsync(request, stop.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception problem)
            when (problem is HttpRequestException || (problem is TaskCanceledException && !stop.IsCancellationRequested)
            )
        {
            // Nobody there, or no answer within the provider's patience.
            return false;
        }
    }
}
