using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gateway.Providers.Events;
using Gateway.ReturnMail;
using Gateway.Tenants;
using Gateway.Tests.Cluster;
using ProviderEmulators.Events;

namespace Gateway.Tests.Inbound;

/// <summary>
/// A19: how long a wrong secret takes to be refused says nothing of where it is wrong. Each kind of shared secret is checked
/// with its first byte wrong and with its last, in turns; <c>events.sh</c> runs it and prints the means.
/// </summary>
public sealed class A19_TimingTests(ITestOutputHelper output)
{
    private const int Times = 100_000;
    private const double MostMicroseconds = 1;

    /// <summary>A check that took longer was interrupted, and tells of the machine; it is left out with the other of its pair.</summary>
    private static readonly TimeSpan Interrupted = TimeSpan.FromMilliseconds(0.5);

    private static readonly MailgunWriter Mailgun = new();
    private static readonly EventOptions Options = new()
    {
        EventsSigningKey = Mailgun.SigningKey,
        EventsUser = PostmarkWriter.User,
        EventsPassword = PostmarkWriter.Password,
    };

    /// <summary>Each with a check that says yes to its text as it is, and where in the text the secret part begins and ends.</summary>
    private static IEnumerable<(string Name, Func<bool> Right, Func<bool> First, Func<bool> Last)> Kinds()
    {
        var post = Encoding.UTF8.GetString(
            Mailgun.Sign(new { @event = "delivered" }, DateTimeOffset.UtcNow, MailgunWriter.NewToken()).Body
        );
        const string Field = "\"signature\":\"";
        var sign = post.IndexOf(Field, StringComparison.Ordinal) + Field.Length;
        yield return Of("mailgun HMAC", post, sign, sign + 63, IsMailgun);

        yield return (
            "postmark password",
            IsPostmark(PostmarkWriter.Password),
            IsPostmark(Changed(PostmarkWriter.Password, 0)),
            IsPostmark(Changed(PostmarkWriter.Password, PostmarkWriter.Password.Length - 1))
        );

        var addresses = new ReturnAddresses(TestKeys.Ring, "bounces.example");
        var bounce = addresses.Bounce(Guid.CreateVersion7(), 1)[..^"@bounces.example".Length];
        // Of the 50 characters after "b-" the 32nd begins in the first octet of the mac, the 49th lies in its last.
        yield return Of("bounce address", bounce, 2 + 31, 2 + 48, IsBounce(addresses));

        var links = new UnsubscribeLinks(TestKeys.Ring);
        var token = links.Write(new(Guid.NewGuid(), Guid.CreateVersion7(), "broadcast", "ann@example.net"))!;
        yield return (
            "unsubscribe link",
            IsLink(links, token),
            IsLink(links, Flipped(token, 16)),
            IsLink(links, Flipped(token, 1))
        );

        var key = ApiKey.Create("live", TestKeys.Ring).Text;
        yield return Of("API key", key, key.Length - 16, key.Length - 1, IsKey);
    }

    [Fact(Explicit = true)]
    public void Where_a_wrong_secret_is_wrong_does_not_show_in_the_time_of_its_refusal()
    {
        List<string> lines = [],
            slow = [];
        foreach (var (name, right, first, last) in Kinds())
        {
            Assert.Equal((true, false, false), (right(), first(), last()));
            Measure(first, last, Times / 10);
            var (firstMean, lastMean, left) = Measure(first, last, Times);
            var line = string.Create(
                CultureInfo.InvariantCulture,
                $"A19 {name}: wrong in its first byte {firstMean:0.000} us, in its last {lastMean:0.000} us, apart {Math.Abs(firstMean - lastMean):0.000} us ({Times} each, {left} pairs interrupted)"
            );
            lines.Add(line);
            output.WriteLine(line);
            if (Math.Abs(firstMean - lastMean) >= MostMicroseconds)
            {
                slow.Add(line);
            }
        }

        if (Environment.GetEnvironmentVariable("GATEWAY_HISTORY_PAGE") is { Length: > 0 } file)
        {
            File.AppendAllLines(file, lines);
        }

        Assert.Empty(slow);
    }

    /// <summary>Means in microseconds, and how many pairs were left out. Each goes first in every other pair.</summary>
    private static (double First, double Last, int LeftOut) Measure(Func<bool> first, Func<bool> last, int times)
    {
        long firstTicks = 0,
            lastTicks = 0,
            most = (long)(Interrupted.TotalSeconds * Stopwatch.Frequency);
        var (measured, leftOut) = (0, 0);
        while (measured < times)
        {
            long one,
                other;
            if (((measured + leftOut) & 1) == 0)
            {
                (one, other) = (Time(first), Time(last));
            }
            else
            {
                (other, one) = (Time(last), Time(first));
            }

            if (one > most || other > most)
            {
                leftOut++;
                Assert.True(leftOut < times, "the machine is too busy to measure anything");
                continue;
            }

            (firstTicks, lastTicks, measured) = (firstTicks + one, lastTicks + other, measured + 1);
        }

        var perTick = 1e6 / Stopwatch.Frequency / times;
        return (firstTicks * perTick, lastTicks * perTick, leftOut);
    }

    private static long Time(Func<bool> check)
    {
        var began = Stopwatch.GetTimestamp();
        check();
        return Stopwatch.GetTimestamp() - began;
    }

    private static (string, Func<bool>, Func<bool>, Func<bool>) Of(
        string name,
        string text,
        int first,
        int last,
        Func<string, Func<bool>> check
    ) => (name, check(text), check(Changed(text, first)), check(Changed(text, last)));

    /// <summary>Another character that every alphabet here has.</summary>
    private static string Changed(string text, int at) => text[..at] + (text[at] == 'b' ? 'c' : 'b') + text[(at + 1)..];

    private static string Flipped(string token, int fromEnd)
    {
        var octets = Base64Url.DecodeFromChars(token);
        octets[^fromEnd] ^= 1;
        return Base64Url.EncodeToString(octets);
    }

    private static Func<bool> IsMailgun(string body)
    {
        var request = new EventRequest(Encoding.UTF8.GetBytes(body), new Dictionary<string, string>());
        return Verifies("mailgun", request);
    }

    private static Func<bool> IsPostmark(string password) =>
        Verifies("postmark", TestFormats.Request(PostmarkWriter.Write("{}", PostmarkWriter.User, password)));

    private static Func<bool> Verifies(string kind, EventRequest request)
    {
        var (format, now) = (TestFormats.All.Find(kind)!, DateTimeOffset.UtcNow);
        return () =>
            format.VerifyAsync(request, Options, now, CancellationToken.None).Result.Trust == EventTrust.Genuine;
    }

    private static Func<string, Func<bool>> IsBounce(ReturnAddresses addresses) =>
        local => () => addresses.Read(local, "bounces.example") is not null;

    private static Func<bool> IsLink(UnsubscribeLinks links, string token) => () => links.Read(token) is not null;

    private static Func<bool> IsKey(string text) => () => ApiKey.TryVerify(text, TestKeys.Ring, out _);
}
