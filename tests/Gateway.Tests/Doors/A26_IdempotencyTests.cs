using System.Text;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Doors;

/// <summary>A caller that lost the answer asks again, and nothing is sent twice (A26, I9).</summary>
[Collection(DoorCollection.Name)]
public sealed class A26_IdempotencyTests(DoorGateway gateway)
{
    [Theory]
    [InlineData(Door.Json)]
    [InlineData(Door.BatchItem)]
    [InlineData(Door.Raw)]
    public async Task A_hundred_equal_requests_at_once_are_one_message_and_one_answer(Door door)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var message = Message(door, tenant, "hello");

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => gateway.SendAsync(door, tenant, message, idempotencyKey: "order-17"))
        );

        Assert.All(answers, answer => Assert.Equal(202, answer.Status));
        Assert.Single(answers.Select(a => a.Body.GetRawText()).Distinct());
        Assert.Equal([answers[0].Id], await MessagesAsync(tenant));
        Assert.Single(await DeliveriesAsync(tenant));
    }

    /// <summary>Asked for by name: some minutes.</summary>
    [Fact(Explicit = true)]
    public async Task A26_A_hundred_at_once_a_thousand_times_are_a_thousand_messages()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var message = Message(Door.Json, tenant, "hello");
        for (var trial = 0; trial < 1_000; trial++)
        {
            var answers = await Task.WhenAll(
                Enumerable
                    .Range(0, 100)
                    .Select(_ => gateway.SendAsync(Door.Json, tenant, message, idempotencyKey: $"trial-{trial}"))
            );
            Assert.All(answers, answer => Assert.Equal(202, answer.Status));
            Assert.Single(answers.Select(a => a.Id).Distinct());
        }

        Assert.Equal(1_000, (await MessagesAsync(tenant)).Count);
    }

    [Theory]
    [InlineData(Door.Json)]
    [InlineData(Door.Raw)]
    public async Task The_same_key_for_another_body_is_422(Door door)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var first = await gateway.SendAsync(door, tenant, Message(door, tenant, "one"), idempotencyKey: "k");
        var other = await gateway.SendAsync(door, tenant, Message(door, tenant, "two"), idempotencyKey: "k");
        var again = await gateway.SendAsync(door, tenant, Message(door, tenant, "one"), idempotencyKey: "k");

        Assert.Equal((422, "idempotency_key_reused", "Idempotency-Key"), (other.Status, other.Code, other.Field));
        Assert.Equal(first.Id, again.Id);
        Assert.Equal([first.Id], await MessagesAsync(tenant));
    }

    [Fact]
    public async Task Two_bodies_racing_for_one_key_are_one_message()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 60)
                .Select(i =>
                    gateway.SendAsync(
                        Door.Json,
                        tenant,
                        Message(Door.Json, tenant, $"body {i % 2}"),
                        idempotencyKey: "race"
                    )
                )
        );

        var won = answers.Where(a => a.Status == 202).Select(a => a.Id).Distinct().ToArray();
        Assert.Equal(won, await MessagesAsync(tenant));
        Assert.Single(won);
        Assert.Equal(30, answers.Count(a => a.Status == 202));
        Assert.Equal(30, answers.Count(a => a.Code == "idempotency_key_reused"));
    }

    [Fact]
    public async Task The_same_key_at_another_door_or_with_other_recipients_is_another_request()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var raw = Message(Door.Raw, tenant, "hello");
        Assert.Equal(202, (await gateway.SendAsync(Door.Raw, tenant, raw, "?rcpt=a@example.net", "k")).Status);
        var other = await gateway.SendAsync(Door.Raw, tenant, raw, "?rcpt=b@example.net", "k");
        Assert.Equal("idempotency_key_reused", other.Code);
        var json = await gateway.SendAsync(Door.Json, tenant, Message(Door.Json, tenant, "x"), idempotencyKey: "k");
        Assert.Equal("idempotency_key_reused", json.Code);
        Assert.Single(await MessagesAsync(tenant));
    }

    [Fact]
    public async Task A_key_of_one_tenant_is_unknown_to_another()
    {
        var (one, two) = (await gateway.Ledger.CreateTenantAsync(), await gateway.Ledger.CreateTenantAsync());
        var first = await gateway.SendAsync(Door.Json, one, Message(Door.Json, one, "x"), idempotencyKey: "shared");
        var second = await gateway.SendAsync(Door.Json, two, Message(Door.Json, two, "x"), idempotencyKey: "shared");
        Assert.Equal((202, 202), (first.Status, second.Status));
        Assert.Equal([first.Id], await MessagesAsync(one));
        Assert.Equal([second.Id], await MessagesAsync(two));
    }

    [Theory]
    [InlineData(Door.Json)]
    [InlineData(Door.BatchItem)]
    [InlineData(Door.Raw)]
    public async Task A_refused_request_leaves_its_key_free(Door door)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var bad = door == Door.Raw ? "To: ann@example.net\r\n\r\nx\r\n"u8.ToArray() : "{}"u8.ToArray();
        Assert.Equal(422, (await gateway.SendAsync(door, tenant, bad, idempotencyKey: "k")).Status);
        var mended = await gateway.SendAsync(door, tenant, Message(door, tenant, "mended"), idempotencyKey: "k");
        Assert.Equal(202, mended.Status);
        Assert.Equal([mended.Id], await MessagesAsync(tenant));
    }

    private static byte[] Message(Door door, TestTenant tenant, string text)
    {
        if (door == Door.Raw)
        {
            return Encoding.ASCII.GetBytes($"From: {tenant.Address}\r\nTo: ann@example.net\r\n\r\n{text}\r\n");
        }

        var message = DoorCases.GoodMessage(tenant.Domain);
        message["text"] = text;
        return Encoding.UTF8.GetBytes(message.ToJsonString());
    }

    private Task<IReadOnlyList<Guid>> MessagesAsync(TestTenant tenant) =>
        gateway.Ledger.QueryAsync<Guid>("SELECT message_id FROM messages WHERE tenant_id = @Id", new { tenant.Id });

    private Task<IReadOnlyList<Guid>> DeliveriesAsync(TestTenant tenant) =>
        gateway.Ledger.QueryAsync<Guid>("SELECT delivery_id FROM deliveries WHERE tenant_id = @Id", new { tenant.Id });
}
