using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ServiceDefaults;

/// <summary>
/// Before everything else: a request that a proxy before us may have taken for another one is refused and its connection
/// closed, where Kestrel would make the best of it (RFC 9112 §6.1, §11.2).
/// </summary>
internal sealed class StrictFraming : IStartupFilter
{
    /// <summary>Where Kestrel puts a Content-Length that stood beside Transfer-Encoding.</summary>
    private const string SetAside = "X-Content-Length";

    private const string Problem = """
        {"type":"urn:email-gateway:problem:request_invalid","title":"The request cannot be read","status":400,"code":"request_invalid","detail":"Where the request ends is in doubt.","accepted":"one Content-Length, or Transfer-Encoding: chunked alone"}
        """;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            app.Use((http, rest) => IsInDoubt(http) ? RefuseAsync(http.Response) : rest(http));
            next(app);
        };

    private static bool IsInDoubt(HttpContext http) =>
        http.Request.Headers.TransferEncoding.Count > 0 && http.Request.Headers.ContainsKey(SetAside);

    private static Task RefuseAsync(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status400BadRequest;
        response.Headers.Connection = "close";
        response.ContentType = MediaTypeNames.Application.ProblemJson;
        return response.WriteAsync(Problem);
    }
}
