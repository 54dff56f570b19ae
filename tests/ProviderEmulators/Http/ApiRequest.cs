using Microsoft.AspNetCore.Http;

namespace ProviderEmulators.Http;

/// <summary>A request, read whole.</summary>
internal sealed class ApiRequest(HttpRequest request, byte[] body)
{
    public string Method => request.Method;

    /// <summary>As it stood in the request line, escapes kept, without the query.</summary>
    public string Path => request.Path.ToUriComponent();
    public IQueryCollection Query => request.Query;
    public string? ContentType => request.ContentType;
    public byte[] Body => body;

    public string? Header(string name) => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    public string Authority => $"{request.Scheme}://{request.Host}";
}
