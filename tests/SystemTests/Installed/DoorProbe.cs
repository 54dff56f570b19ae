using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace SystemTests.Installed;

/// <param name="Status">0 where no answer came.</param>
/// <param name="SaysWhen">With a Retry-After header.</param>
/// <param name="Message">Null where none was accepted.</param>
internal sealed record DoorAnswer(int Status, bool SaysWhen, TimeSpan Took, Guid? Message)
{
    /// <summary>By the steady clock.</summary>
    public long AnsweredAt { get; } = Stopwatch.GetTimestamp();
}

/// <summary>Asks one door at a steady rate, whatever it answers, and notes each answer with its time.</summary>
internal sealed class DoorProbe(HostSlot api, InstalledTenant tenant)
{
    private readonly HttpClient client = Installation.Client(api, tenant);
    private readonly ConcurrentQueue<DoorAnswer> answers = new();

    public int BodyBytes { get; init; } = 200;

    public async Task AskAsync(int perSecond, TimeSpan length)
    {
        var asked = new List<Task>();
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < length)
        {
            asked.Add(AskOnceAsync());
            await Task.Delay(TimeSpan.FromSeconds(1) / perSecond);
        }

        await Task.WhenAll(asked);
    }

    /// <summary>The answers since the last call.</summary>
    public IReadOnlyList<DoorAnswer> Take()
    {
        var taken = new List<DoorAnswer>();
        while (answers.TryDequeue(out var answer))
        {
            taken.Add(answer);
        }

        return taken;
    }

    public async Task UntilYesAsync(TimeSpan within)
    {
        var watch = Stopwatch.StartNew();
        while ((await AskOnceAsync()).Status != 202)
        {
            Assert.True(watch.Elapsed < within, $"no message was accepted within {within} after the ledger came back");
            await Task.Delay(100);
        }
    }

    private async Task<DoorAnswer> AskOnceAsync()
    {
        var watch = Stopwatch.StartNew();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString("N"));
        // Random, so that it does not compress.
        var text = Convert.ToBase64String(
            System.Security.Cryptography.RandomNumberGenerator.GetBytes(BodyBytes * 3 / 4)
        );
        request.Content = JsonContent.Create(
            new
            {
                from = tenant.Address,
                to = new[] { "ann@example.net" },
                subject = "x",
                text,
            }
        );
        var answer = await PostAsync(request, watch);
        answers.Enqueue(answer);
        return answer;
    }

    private async Task<DoorAnswer> PostAsync(HttpRequestMessage request, Stopwatch watch)
    {
        try
        {
            using var answer = await client.SendAsync(request);
            var message = answer.IsSuccessStatusCode
                ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid()
                : (Guid?)null;
            return new DoorAnswer(
                (int)answer.StatusCode,
                answer.Headers.RetryAfter is not null,
                watch.Elapsed,
                message
            );
        }
        catch (HttpRequestException)
        {
            return new DoorAnswer(0, false, watch.Elapsed, null);
        }
    }
}
