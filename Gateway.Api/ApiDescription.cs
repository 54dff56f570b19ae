using System.Text.Json;
using Gateway.Submissions;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gateway.Api;

/// <summary>The head of the OpenAPI document.</summary>
internal static class ApiDescription
{
    /// <summary>The document names fields as they are sent.</summary>
    public static void NameFields(JsonOptions options) =>
        options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;

    public static void Describe(OpenApiOptions options)
    {
        options.AddSchemaTransformer(DescribeAddress);
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

    /// <summary>A converter of its own reads an address, so its schema is told here.</summary>
    private static Task DescribeAddress(
        OpenApiSchema schema,
        OpenApiSchemaTransformerContext context,
        CancellationToken cancel
    )
    {
        if (context.JsonTypeInfo.Type == typeof(AddressText))
        {
            schema.Description = "\"Name <a@b.example>\" or {\"email\": \"a@b.example\", \"name\": \"Name\"}";
            schema.OneOf =
            [
                new OpenApiSchema { Type = JsonSchemaType.String },
                new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string> { "email" },
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["email"] = new OpenApiSchema { Type = JsonSchemaType.String },
                        ["name"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null },
                    },
                },
            ];
        }

        return Task.CompletedTask;
    }
}
