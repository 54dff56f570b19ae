using System.Security.Cryptography;
using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Providers;
using Gateway.Providers.Smtp;
using Gateway.Tests.Providers;
using Gateway.Worker.Delivery;

namespace Gateway.Tests.Egress;

/// <summary>
/// RELIABILITY T3: the scenarios of a relay by their names. Others stand elsewhere: end_to_end_stuffed (A02),
/// spool_write_stopped (OutageTests), dispatcher_watchdog (LeaseTests), broken_first_choice_mx (RelayTests).
/// </summary>
public sealed class T3_ScenarioTests
{
    private static readonly CancellationToken Cancel = CancellationToken.None;

    [Theory]
    [InlineData("disconnect_on_connect", "connect", Outcome.PathDown)]
    [InlineData("disconnect_in_ehlo", "EHLO", Outcome.PathDown)]
    [InlineData("disconnect_in_mail_from", "MAIL", Outcome.PathDown)]
    [InlineData("disconnect_in_rcpt_to", "RCPT", Outcome.PathDown)]
    [InlineData("disconnect_in_data", "DATA", Outcome.PathDown)]
    [InlineData("disconnect_after_dot", ".", Outcome.Unknown)]
    public async Task T3_disconnect(string name, string step, Outcome outcome)
    {
        foreach (var act in new SmtpAct[] { new SmtpAct.Reset(), new SmtpAct.Close() })
        {
            await using var relay = new SmtpScriptServer(SmtpScript.At(step, act));
            await using var provider = Provider(relay);
            var result = await provider.SendAsync(TestMail.Of(), Cancel);
            Assert.True(result.Outcome == outcome, $"{name}, {act}: {result}");
        }
    }

    /// <summary>The relay closed a kept connection meanwhile: another one is made, and nobody notices.</summary>
    [Fact]
    public async Task T3_disconnect_peer_idle_out()
    {
        await using var relay = new SmtpScriptServer();
        await using var provider = Provider(relay);
        Assert.Equal(Outcome.Accepted, (await provider.SendAsync(TestMail.Of(), Cancel)).Outcome);

        foreach (var act in new SmtpAct[] { new SmtpAct.Close(), new SmtpAct.Reset() })
        {
            var armed = 1;
            relay.Script = new SmtpScript
            {
                On = (step, _) => step == "MAIL" && Interlocked.Exchange(ref armed, 0) == 1 ? act : null,
            };
            Assert.Equal(Outcome.Accepted, (await provider.SendAsync(TestMail.Of(), Cancel)).Outcome);
        }

        Assert.Equal(3, relay.Mails.Count);
        Assert.Equal(3, relay.Connections);
    }

    [Fact]
    public async Task T3_random_bytes()
    {
        foreach (var step in new[] { "connect", "EHLO", "MAIL", "RCPT", "DATA", "." })
        {
            var noise = RandomNumberGenerator.GetBytes(512);
            await using var relay = new SmtpScriptServer(
                SmtpScript.At(step, new SmtpAct.Both(new SmtpAct.Raw([.. noise, 13, 10]), new SmtpAct.Close()))
            );
            await using var provider = Provider(relay);
            var result = await provider.SendAsync(TestMail.Of(), Cancel);
            // Never the recipient's or the message's fault; and after the dot nobody knows.
            Assert.True(
                result.Outcome == (step == "." ? Outcome.Unknown : Outcome.PathDown),
                $"{step}: {result.Outcome} {result.Phase}"
            );
        }
    }

    /// <summary>A line of a reply without an end, and a reply without an end, are cut off; the path is to blame.</summary>
    [Fact]
    public async Task T3_max_line_length()
    {
        foreach (
            var reply in new[]
            {
                "250 " + new string('a', 100_000),
                string.Concat(Enumerable.Repeat("250-more\r\n", 20_000)) + "250 end",
            }
        )
        {
            await using var relay = new SmtpScriptServer(SmtpScript.At("MAIL", reply));
            await using var provider = Provider(relay);
            Assert.Equal(Outcome.PathDown, (await provider.SendAsync(TestMail.Of(), Cancel)).Outcome);
        }
    }

    /// <summary>TLS is offered, begun, and fails: the mail does not go in clear instead.</summary>
    [Fact]
    public async Task T3_tls_opportunistic_fail()
    {
        await using var relay = new SmtpScriptServer(
            new SmtpScript
            {
                Extensions = ["STARTTLS"],
                On = (step, _) => step == "STARTTLS" ? "220 go\r\nno TLS" : null,
            }
        );
        await using var provider = Provider(relay, SmtpTls.StartTls);

        Assert.Equal(Outcome.PathDown, (await provider.SendAsync(TestMail.Of(), Cancel)).Outcome);
        Assert.DoesNotContain(relay.Commands, c => c.StartsWith("MAIL", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Later each time and spread, for as long as the recipient says so; then it expires, and only then.</summary>
    [Fact]
    public void T3_retry_schedule_and_expires()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var result = new SendResult(Outcome.RecipientTemporary, OutcomeScope.Recipient, "RcptTo", "450 4.2.1 later");
        var facts = new DeliveryFacts
        {
            State = DeliveryState.Deferred,
            Stream = "transactional",
            Since = now,
            Deadline = null,
        };
        var (began, waits) = (now, new List<TimeSpan>());
        while (true)
        {
            var step = RetryPolicy.After(facts, result, pathTellsDelivery: false, now, draw: 0.5);
            if (step.State == DeliveryState.Expired)
            {
                break;
            }

            waits.Add(step.DueIn!.Value);
            now += step.DueIn!.Value;
            facts = facts with { Deferrals = step.Deferrals, TemporarySince = began };
        }

        Assert.Equal(waits.Order(), waits);
        Assert.InRange(now - began, RetryPolicy.Ttl, RetryPolicy.Ttl + TimeSpan.FromHours(4));
        Assert.InRange(waits.Count, 15, 40);
    }

    private static SmtpRelayProvider Provider(SmtpScriptServer relay, SmtpTls tls = SmtpTls.None) =>
        new(
            new SmtpRelayOptions
            {
                Host = "127.0.0.1",
                Port = relay.Port,
                Tls = tls,
                AcceptAnyCertificate = true,
                Timeouts = SmtpTimeouts.All(TimeSpan.FromSeconds(15)),
            },
            TimeProvider.System
        );
}
