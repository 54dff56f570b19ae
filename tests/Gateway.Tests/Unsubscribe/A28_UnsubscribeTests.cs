using System.Net;
using System.Text;
using Gateway.Ledger;
using Gateway.Mail.Dkim;
using Gateway.ReturnMail;
using Gateway.Tests.BouncesByMail;
using Gateway.Tests.Cluster;
using Gateway.Worker.Preparing;

namespace Gateway.Tests.Unsubscribe;

/// <summary>
/// A28 (RFC 8058): a scanner's GET leaves nothing; a program's POST leaves, without cookie, redirect or login; the link is
/// bound to its recipient; DKIM covers both fields.
/// </summary>
public sealed class A28_UnsubscribeTests(TestCluster cluster)
{
    private const string OneClick = "List-Unsubscribe=One-Click";

    [Fact]
    public async Task A_scanners_GET_shows_a_button_and_changes_nothing()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var (delivery, link) = await LinkAsync(host, "ann@example.net");
        for (var i = 0; i < 5; i++)
        {
            using var get = await host.Http.GetAsync(link);
            Assert.Equal(HttpStatusCode.OK, get.StatusCode);
            var page = await get.Content.ReadAsStringAsync();
            Assert.Contains("method=\"post\"", page, StringComparison.Ordinal);
            // What could act by itself.
            Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("http", page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("ann@example.net", page, StringComparison.Ordinal);
            Assert.Equal("no-store", get.Headers.CacheControl?.ToString());
            Assert.StartsWith(
                "default-src 'none'",
                get.Headers.GetValues("Content-Security-Policy").Single(),
                StringComparison.Ordinal
            );
            using var head = await host.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, link));
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        }

        await host.FollowAsync();
        Assert.Equal("", await host.ListOfAsync("ann@example.net"));
        Assert.Equal("sent final |", await host.StateAsync(delivery));
    }

    [Fact]
    public async Task A_POST_leaves_at_once_without_cookie_redirect_or_login_and_twice_is_once()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var (delivery, link) = await LinkAsync(host, "ann@example.net", tenant);
        for (var i = 0; i < 3; i++)
        {
            using var answer = await host.Http.PostAsync(link, Form(OneClick));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
            Assert.Null(answer.Headers.Location);
            // Before the answer, not some time after it.
            Assert.Equal("broadcast unsubscribe unsubscribe", await host.ListOfAsync("ann@example.net"));
        }

        await host.FollowAsync();
        Assert.Equal("sent final | unsubscribed", await host.StateAsync(delivery));
        Assert.Equal("broadcast unsubscribe unsubscribe", await host.ListOfAsync("ann@example.net"));
        foreach (var (stream, state) in new[] { ("broadcast", "suppressed"), ("transactional", "queued") })
        {
            var next = await host.Mail.AcceptAsync(tenant, new() { To = ["Ann@example.net"], Stream = stream });
            Assert.Equal(
                (stream, state),
                (
                    stream,
                    await host.Ledger.ScalarAsync<string>(
                        "SELECT state FROM deliveries WHERE message_id = @next",
                        new { next }
                    )
                )
            );
        }
    }

    [Fact]
    public async Task Both_kinds_of_form_are_read_and_a_POST_that_does_not_say_so_changes_nothing()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var (_, link) = await LinkAsync(host, "ann@example.net");
        HttpContent[] wrong =
        [
            Form(""),
            Form("List-Unsubscribe=Yes"),
            Form("list=One-Click"),
            new StringContent(OneClick, Encoding.ASCII, "text/plain"),
            new StringContent("""{"List-Unsubscribe":"One-Click"}""", Encoding.ASCII, "application/json"),
            Form(OneClick + "&x=" + new string('x', 9_000)),
            new StringContent("no form", Encoding.ASCII, "multipart/form-data"),
        ];
        foreach (var content in wrong)
        {
            using var refused = await host.Http.PostAsync(link, content);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        Assert.Equal("", await host.ListOfAsync("ann@example.net"));
        using var multipart = new MultipartFormDataContent { { new StringContent("One-Click"), "List-Unsubscribe" } };
        using var answer = await host.Http.PostAsync(link, multipart);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("broadcast unsubscribe unsubscribe", await host.ListOfAsync("ann@example.net"));
    }

    [Fact]
    public async Task A_link_that_is_not_ours_is_404_whatever_is_changed_in_it()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var (delivery, link) = await LinkAsync(host, "ann@example.net");
        var token = link[(link.LastIndexOf('/') + 1)..];
        const string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var forged = Enumerable
            .Range(0, token.Length)
            .Select(at =>
                token[..at]
                + letters[(letters.IndexOf(token[at], StringComparison.Ordinal) ^ 1) % 64]
                + token[(at + 1)..]
            )
            .Concat([
                token[..^1],
                token + "A",
                token + "=",
                "x",
                new string('A', 4_000),
                Uri.EscapeDataString("../" + token),
            ])
            .ToList();
        Assert.All(forged, text => Assert.Null(host.Links.Read(text)));
        foreach (var text in forged.Where((_, at) => at % 10 == 0).Append(forged[^1]).Append(forged[^2]))
        {
            using var get = await host.Http.GetAsync("/u/" + text);
            Assert.Equal(HttpStatusCode.NotFound, get.StatusCode);
            using var post = await host.Http.PostAsync("/u/" + text, Form(OneClick));
            Assert.Equal(HttpStatusCode.NotFound, post.StatusCode);
        }

        Assert.Equal("", await host.ListOfAsync("ann@example.net"));
        Assert.Equal("sent final |", await host.StateAsync(delivery));
    }

    [Fact]
    public async Task A_link_works_after_the_mail_has_left_the_ledger()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var gone = LedgerId.Delivery(LedgerId.NewMessage(DateTimeOffset.UtcNow.AddDays(-200)), 1);
        var token = host.Links.Write(new UnsubscribeTarget(tenant.Id, gone, "broadcast", "old@example.net"));
        using var answer = await host.Http.PostAsync("/u/" + token, Form(OneClick));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("broadcast unsubscribe unsubscribe", await host.ListOfAsync("old@example.net"));
    }

    [Fact]
    public async Task Leaving_a_transactional_mail_leaves_both_and_the_tenant_may_want_that_for_all()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Ledger.ExecuteAsync(
            """UPDATE tenants SET settings = '{"suppression_scope":"all"}' WHERE tenant_id = @Id""",
            new { tenant.Id }
        );
        var (_, wide) = await LinkAsync(host, "wide@example.net", tenant);
        var (_, transactional) = await LinkAsync(host, "both@example.net", stream: "transactional");
        foreach (var link in (string[])[wide, transactional])
        {
            using var answer = await host.Http.PostAsync(link, Form(OneClick));
        }

        const string both = "broadcast unsubscribe unsubscribe; transactional unsubscribe unsubscribe";
        Assert.Equal(both, await host.ListOfAsync("wide@example.net"));
        Assert.Equal(both, await host.ListOfAsync("both@example.net"));
    }

    [Fact]
    public void DKIM_covers_both_fields_and_a_third_breaks_it()
    {
        var offer = new LeavingOffer(
            new ReturnMailOptions { PublicUrl = new Uri("https://mail.example/") },
            new UnsubscribeLinks(TestKeys.Ring),
            new ReturnAddresses(TestKeys.Ring, ReturnHost.Domain)
        );
        var fields = offer.For(
            new UnsubscribeTarget(Guid.NewGuid(), Guid.NewGuid(), "broadcast", "ann@example.net"),
            "broadcast"
        );
        var mail = LeavingOffer.AddTo("From: a@example.com\r\nSubject: x\r\n\r\nhello\r\n"u8.ToArray(), fields);
        using var key = DkimKey.Generate(DkimAlgorithm.RsaSha256, 2048);
        var signature = Encoding.ASCII.GetString(
            DkimSigner.Sign(
                mail,
                [
                    new DkimSigningOptions
                    {
                        Domain = "example.com",
                        Selector = "s",
                        Key = key,
                        Now = DateTimeOffset.UtcNow,
                    },
                ]
            )
        );
        var signed = signature
            .Replace("\r\n", "", StringComparison.Ordinal)
            .Replace("\t", "", StringComparison.Ordinal)
            .Replace(" ", "", StringComparison.Ordinal)
            .Split(";h=")[1]
            .Split(';')[0]
            .Split(':');
        // Once more than they occur.
        Assert.Equal(2, signed.Count(n => n.Equals("List-Unsubscribe", StringComparison.OrdinalIgnoreCase)));
        Assert.Equal(2, signed.Count(n => n.Equals("List-Unsubscribe-Post", StringComparison.OrdinalIgnoreCase)));
    }

    private static async Task<(Guid Delivery, string Link)> LinkAsync(
        ReturnHost host,
        string recipient,
        TestTenant? tenant = null,
        string stream = "broadcast"
    )
    {
        tenant ??= await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, stream, recipient))[0];
        return (delivery, "/u/" + host.Links.Write(new UnsubscribeTarget(tenant.Id, delivery, stream, recipient)));
    }

    private static StringContent Form(string body) => new(body, Encoding.ASCII, "application/x-www-form-urlencoded");
}
