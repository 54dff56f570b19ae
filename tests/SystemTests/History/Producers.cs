using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SystemTests.Installed;
using SystemTests.Sink;

namespace SystemTests.History;

/// <summary>
/// Clients as they should be: each message has a key of its own, and who is unsure of an answer asks again with the
/// same key, at the next replica. Some are careless on purpose: they send what must be refused, give up, ask twice at
/// once, or use a key for a second body.
/// </summary>
internal sealed class Producers(Installation installation, IReadOnlyList<InstalledTenant> tenants, AnswerLog log)
{
    private const int Patience = 200;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);
    private readonly HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 256 })
    {
        Timeout = AnswerWithin,
    };
    private int turn;

    /// <summary>Sends at this rate until told to stop; ends when the last key has its answer.</summary>
    public async Task RunAsync(double perSecond, CancellationToken stop)
    {
        var running = new HashSet<Task>();
        var started = DateTime.UtcNow;
        var sent = 0;
        while (!stop.IsCancellationRequested)
        {
            var due = (int)((DateTime.UtcNow - started).TotalSeconds * perSecond);
            // No faster than the doors answer: what was missed while they were away is not made up for at once.
            for (; sent < due; sent++)
            {
                if (running.Count < 512)
                {
                    running.Add(SendAsync(sent));
                }
            }

            running.RemoveWhere(t => t.IsCompleted);
            await Task.Delay(10, CancellationToken.None);
        }

        await Task.WhenAll(running);
    }

    private async Task SendAsync(int number)
    {
        var tenant = tenants[number % tenants.Count];
        var key = $"k{number}-{Guid.NewGuid():N}"[..24];
        var body = Text();
        switch (number % 50)
        {
            case 0:
                await AskAsync(tenant, key, body, from: "hello@not-ours.example");
                break;
            case 1:
                // A refused key is free for a better request.
                await AskAsync(tenant, key, body, from: "no address");
                await InsistAsync(tenant, key, Text());
                break;
            case 2:
                await InsistAsync(tenant, key, body);
                await AskAsync(tenant, key, Text());
                break;
            case 3:
                log.Gone[key] = true;
                await InsistAsync(tenant, key, body, to: $"gone-{number}@example.net");
                break;
            case 4:
                await Task.WhenAll(InsistAsync(tenant, key, body), InsistAsync(tenant, key, body));
                break;
            case 5:
                await AskAsync(tenant, key, body);
                break;
            default:
                await InsistAsync(tenant, key, body);
                break;
        }
    }

    private async Task InsistAsync(InstalledTenant tenant, string key, string body, string? to = null)
    {
        for (var i = 0; i < Patience; i++)
        {
            var answer = await AskAsync(tenant, key, body, to: to);
            if (answer.IsAcknowledged || answer.IsRefused)
            {
                return;
            }

            await Task.Delay(Pause);
        }
    }

    private async Task<Answer> AskAsync(
        InstalledTenant tenant,
        string key,
        string body,
        string? from = null,
        string? to = null
    )
    {
        var api = installation.Apis[Interlocked.Increment(ref turn) % installation.Apis.Count];
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(api.Address, "/v1/messages"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key.Text);
        request.Headers.Add("Idempotency-Key", key);
        request.Content = JsonContent.Create(
            new
            {
                from = from ?? tenant.Address,
                to = new[] { to ?? $"{key}@example.net" },
                subject = key,
                text = body,
            }
        );
        var began = DateTimeOffset.UtcNow;
        var (status, message) = await PostAsync(request);
        var answer = new Answer(key, SinkLog.HashOf(body), status, message, began, DateTimeOffset.UtcNow - began);
        log.Answers.Enqueue(answer);
        return answer;
    }

    private async Task<(int Status, Guid? Message)> PostAsync(HttpRequestMessage request)
    {
        try
        {
            using var answer = await http.SendAsync(request);
            if (!answer.IsSuccessStatusCode)
            {
                return ((int)answer.StatusCode, null);
            }

            var accepted = await answer.Content.ReadFromJsonAsync<JsonElement>();
            return ((int)answer.StatusCode, accepted.GetProperty("id").GetGuid());
        }
        catch (Exception problem)
            when (problem is HttpRequestException or IOException or TaskCanceledException or JsonException)
        {
            // The host died under the request, or none stands there at this moment.
            return (0, null);
        }
    }

    /// <summary>1 to 3 KiB of short random lines, which go over the wire as they are.</summary>
    private static string Text()
    {
        var text = new StringBuilder();
        for (var lines = Random.Shared.Next(16, 48); lines > 0; lines--)
        {
            text.Append(Convert.ToHexStringLower(Guid.NewGuid().ToByteArray()))
                .Append(' ')
                .Append(Convert.ToHexStringLower(Guid.NewGuid().ToByteArray()))
                .Append('\n');
        }

        return text.ToString();
    }
}
