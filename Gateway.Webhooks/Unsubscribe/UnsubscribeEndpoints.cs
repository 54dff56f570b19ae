using System.Text;
using Gateway.ReturnMail;
using Microsoft.AspNetCore.Http.Features;
using Npgsql;

namespace Gateway.Webhooks.Unsubscribe;

/// <summary>
/// One-click unsubscribing (RFC 8058): POST does it, without cookie, login or redirect; GET shows a button and does nothing.
/// </summary>
internal static class UnsubscribeEndpoints
{
    /// <summary>Octets of a POST; the one field that is asked for has 35, a multipart form with its boundaries some hundred.</summary>
    private const int MaxForm = 8 * 1024;
    private const string Field = "List-Unsubscribe";
    private const string OneClick = "One-Click";

    public static IServiceCollection AddUnsubscribe(this IServiceCollection services) =>
        services.AddSingleton<Leaving>();

    public static void MapUnsubscribe(this IEndpointRouteBuilder routes)
    {
        const string link = $"/{UnsubscribeLinks.Folder}{{token}}";
        routes.MapMethods(link, ["GET", "HEAD"], Ask);
        routes.MapPost(link, LeaveAsync);
    }

    private static IResult Ask(string token, HttpContext http, UnsubscribeLinks links) =>
        links.Read(token) is { } target
            ? Page(http, UnsubscribePage.Ask(target.Address))
            : Page(http, UnsubscribePage.Unknown(), StatusCodes.Status404NotFound);

    private static async Task<IResult> LeaveAsync(
        string token,
        HttpContext http,
        UnsubscribeLinks links,
        Leaving leaving
    )
    {
        // The mac first: an invented link costs nothing.
        if (links.Read(token) is not { } target)
        {
            return Page(http, UnsubscribePage.Unknown(), StatusCodes.Status404NotFound);
        }

        // RFC 8058 §3.1: the POST says so in so many words, as a form of either kind. A scanner that posts does not.
        if (!await SaysOneClickAsync(http))
        {
            return Page(http, UnsubscribePage.NotAsked(), StatusCodes.Status400BadRequest);
        }

        try
        {
            // Not given up when the caller goes: programs close the connection as soon as they have written.
            await leaving.LeaveAsync(target, "one_click", CancellationToken.None);
        }
        catch (Exception away) when (away is NpgsqlException or TimeoutException or IOException)
        {
            http.Response.Headers.RetryAfter = "60";
            return Page(http, UnsubscribePage.Later(), StatusCodes.Status503ServiceUnavailable);
        }

        return Page(http, UnsubscribePage.Done(target.Address));
    }

    private static async Task<bool> SaysOneClickAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxForm;
        }

        if (!http.Request.HasFormContentType)
        {
            return false;
        }

        try
        {
            var form = await http.Request.ReadFormAsync(
                new FormOptions { BufferBodyLengthLimit = MaxForm, ValueCountLimit = 16 },
                http.RequestAborted
            );
            return form[Field] is [OneClick];
        }
        catch (Exception wrong) when (wrong is InvalidDataException or BadHttpRequestException or IOException)
        {
            return false;
        }
    }

    private static IResult Page(HttpContext http, string html, int status = StatusCodes.Status200OK)
    {
        var headers = http.Response.Headers;
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy =
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["X-Robots-Tag"] = "noindex, nofollow";
        return Results.Text(html, "text/html", Encoding.UTF8, status);
    }
}
