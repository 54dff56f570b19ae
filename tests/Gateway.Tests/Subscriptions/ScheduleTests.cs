using System.Net;
using Gateway.Ledger;
using Gateway.Subscriptions;
using Gateway.Webhooks.Outbound;

namespace Gateway.Tests.Subscriptions;

/// <summary>When is tried again, and when no more: the decisions alone.</summary>
public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 300)]
    [InlineData(3, 1_800)]
    [InlineData(4, 7_200)]
    [InlineData(5, 18_000)]
    [InlineData(6, 36_000)]
    [InlineData(7, 36_000)]
    public void Each_wait_is_its_step_give_or_take_a_tenth(int tries, int seconds)
    {
        Assert.Equal(seconds * 0.9, RetrySchedule.After(tries, null, 0)!.Value.TotalSeconds, 3);
        Assert.Equal(seconds * 1.0, RetrySchedule.After(tries, null, 0.5)!.Value.TotalSeconds, 3);
        Assert.Equal(seconds * 1.1, RetrySchedule.After(tries, null, 1)!.Value.TotalSeconds, 3);
    }

    [Fact]
    public void After_eight_tries_in_27_and_a_half_hours_there_is_none()
    {
        Assert.Null(RetrySchedule.After(8, null, 0.5));
        Assert.Null(RetrySchedule.After(8, TimeSpan.FromMinutes(1), 0.5));
        Assert.Equal(new TimeSpan(27, 35, 5), RetrySchedule.Delays.Aggregate(TimeSpan.Zero, (a, b) => a + b));
    }

    [Theory]
    [InlineData(1, 60, 60)]
    [InlineData(2, 60, 300)]
    [InlineData(1, 1_000_000, 86_400)]
    public void An_endpoint_is_never_asked_before_it_asked_to_be_nor_later_than_a_day(
        int tries,
        int asked,
        int waits
    ) => Assert.Equal(waits, RetrySchedule.After(tries, TimeSpan.FromSeconds(asked), 0.5)!.Value.TotalSeconds, 3);

    [Theory]
    [InlineData(200, WebhookResult.Delivered)]
    [InlineData(204, WebhookResult.Delivered)]
    [InlineData(299, WebhookResult.Delivered)]
    [InlineData(301, WebhookResult.Failed)]
    [InlineData(304, WebhookResult.Failed)]
    [InlineData(308, WebhookResult.Failed)]
    [InlineData(400, WebhookResult.Failed)]
    [InlineData(401, WebhookResult.Failed)]
    [InlineData(404, WebhookResult.Failed)]
    [InlineData(410, WebhookResult.Gone)]
    [InlineData(429, WebhookResult.Failed)]
    [InlineData(500, WebhookResult.Failed)]
    [InlineData(599, WebhookResult.Failed)]
    internal void Only_2xx_is_success(int status, WebhookResult result) =>
        Assert.Equal(result, WebhookAnswer.Of(status, Headers(), Noon).Result);

    [Theory]
    [InlineData(429, "30", 30)]
    [InlineData(503, "30", 30)]
    [InlineData(503, "Thu, 01 Jan 2026 12:01:00 GMT", 60)]
    [InlineData(503, "Thu, 01 Jan 2026 11:00:00 GMT", null)]
    [InlineData(500, "30", null)]
    [InlineData(503, "soon", null)]
    [InlineData(503, "-3", null)]
    public void Patience_is_asked_for_with_429_and_503(int status, string value, int? seconds) =>
        Assert.Equal(
            seconds,
            (int?)WebhookAnswer.Of(status, Headers(("Retry-After", value)), Noon).RetryAfter?.TotalSeconds
        );

    [Fact]
    public void An_endpoint_stops_the_tries_of_one_event()
    {
        Assert.Equal(WebhookResult.Aborted, Of(500).Result);
        Assert.Equal(WebhookResult.Aborted, Of(410).Result);
        Assert.Equal(WebhookResult.Delivered, Of(200).Result);

        static WebhookAnswer Of(int status) =>
            WebhookAnswer.Of(status, Headers(("webhook-delivery", "abort-message")), Noon);
    }

    [Fact]
    public void Five_failures_in_a_row_open_the_circuit_and_each_rest_is_longer()
    {
        var (health, now) = (default(EndpointHealth), Noon);
        for (var i = 0; i < 4; i++)
        {
            health = health.Failed(now, null, 0.5);
            Assert.False(health.IsOpen || health.IsResting(now));
        }

        foreach (var rest in (int[])[5, 10, 20, 40, 80, 160, 300, 300])
        {
            health = health.Failed(now, null, 0.5);
            Assert.True(health.IsOpen);
            Assert.Equal(rest, (health.RestsUntil!.Value - now).TotalSeconds, 3);
            // What was under way when the rest began does not prolong it.
            Assert.Equal(health.RestsUntil, health.Failed(now, null, 0.5).RestsUntil);
            now = health.RestsUntil.Value;
        }

        health = health.Succeeded(now);
        Assert.False(health.IsOpen || health.IsResting(now));
        Assert.Null(health.FailingSince);
    }

    [Fact]
    public void Five_days_of_nothing_but_failures_switch_off_and_a_silence_begins_anew()
    {
        var (health, now) = (default(EndpointHealth).Failed(Noon, null, 0.5), Noon);
        for (; now < Noon.AddDays(5).AddHours(-10); now = now.AddHours(10))
        {
            health = health.Failed(now, null, 0.5);
            Assert.False(health.ShouldBeOff(now));
        }

        Assert.True(health.Failed(Noon.AddDays(5), null, 0.5).ShouldBeOff(Noon.AddDays(5)));
        var late = now.AddDays(6);
        Assert.False(health.Failed(late, null, 0.5).ShouldBeOff(late));
        Assert.False(health.Succeeded(now).Failed(Noon.AddDays(5), null, 0.5).ShouldBeOff(Noon.AddDays(5)));
    }

    [Theory]
    [InlineData("delivered", true)]
    [InlineData("domain.verified", true)]
    [InlineData("domain.*", true)]
    [InlineData("subscription.*", true)]
    [InlineData("*", false)]
    [InlineData(".*", false)]
    [InlineData("nothing.*", false)]
    [InlineData("Delivered", false)]
    [InlineData("subscription.test", false)]
    public void A_filter_names_a_type_or_a_group(string text, bool accepted) =>
        Assert.Equal(accepted, EventType.IsFilter(text));

    private static System.Net.Http.Headers.HttpResponseHeaders Headers(params (string Name, string Value)[] headers)
    {
        var answer = new HttpResponseMessage(HttpStatusCode.OK);
        foreach (var (name, value) in headers)
        {
            answer.Headers.TryAddWithoutValidation(name, value);
        }

        return answer.Headers;
    }
}
