using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gateway.Api;

/// <summary>The head of the OpenAPI document.</summary>
internal static class ApiDescription
{
    public static void Describe(OpenApiOptions options) =>
        options.AddDocumentTransformer(
            (document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "Email Gateway",
                    Version = "v1",
                    Description = "Send mail, see what became of it, send it again.",
                };
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
                document.Components.SecuritySchemes["key"] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    Description = "An API key: gw_live_… or gw_test_…",
                };
                document.Security = [new() { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
                return Task.CompletedTask;
            }
        );
}
