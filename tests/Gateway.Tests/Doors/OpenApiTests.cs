using System.Text.Json;

namespace Gateway.Tests.Doors;

/// <summary>What the document at /openapi/v1.json promises of the doors.</summary>
[Collection(DoorCollection.Name)]
public sealed class OpenApiTests(DoorGateway gateway)
{
    [Theory]
    [InlineData("/v1/messages", "202", "application/json")]
    [InlineData("/v1/messages/batch", "200", "application/json")]
    [InlineData("/v1/messages/raw", "202", "message/rfc822")]
    public async Task A_door_lists_its_body_its_answers_and_its_problems(string path, string success, string type)
    {
        var operation = (await DocumentAsync()).GetProperty("paths").GetProperty(path).GetProperty("post");

        Assert.True(operation.GetProperty("requestBody").GetProperty("content").TryGetProperty(type, out _));
        Assert.False(string.IsNullOrEmpty(operation.GetProperty("summary").GetString()));
        Assert.False(string.IsNullOrEmpty(operation.GetProperty("description").GetString()));
        var responses = operation.GetProperty("responses");
        Assert.True(responses.TryGetProperty(success, out _));
        foreach (var status in (string[])["400", "401", "403", "413", "415", "422", "503"])
        {
            var content = responses.GetProperty(status).GetProperty("content");
            Assert.Equal(
                "#/components/schemas/ApiProblem",
                content.GetProperty("application/problem+json").GetProperty("schema").GetProperty("$ref").GetString()
            );
        }

        var parameters = operation
            .GetProperty("parameters")
            .EnumerateArray()
            .Select(p => p.GetProperty("name").GetString());
        Assert.Contains("Idempotency-Key", parameters);
    }

    [Fact]
    public async Task Every_endpoint_of_a_tenant_lists_its_problems()
    {
        var silent =
            from path in (await DocumentAsync()).GetProperty("paths").EnumerateObject()
            where path.Name.StartsWith("/v1/", StringComparison.Ordinal)
            from operation in path.Value.EnumerateObject()
            from status in path.Name.Contains("{id}", StringComparison.Ordinal)
                ? (string[])["401", "403", "404", "422", "503"]
                : ["401", "403", "422", "503"]
            where !operation.Value.GetProperty("responses").TryGetProperty(status, out _)
            select $"{operation.Name} {path.Name}: {status}";
        Assert.Empty(silent);
    }

    [Theory]
    [InlineData("MessageRequest", "reply_to,send_at,deliver_within,attachments,headers,metadata")]
    [InlineData("AttachmentRequest", "filename,content,content_type,content_id,disposition")]
    [InlineData("ApiProblem", "type,title,status,detail,code,field,value,accepted,errors,retry_after")]
    public async Task A_field_is_named_as_it_is_sent(string schema, string fields)
    {
        var properties = (await DocumentAsync())
            .GetProperty("components")
            .GetProperty("schemas")
            .GetProperty(schema)
            .GetProperty("properties");
        Assert.All(
            fields.Split(','),
            field => Assert.True(properties.TryGetProperty(field, out _), $"{field}: {properties}")
        );
    }

    [Fact]
    public async Task An_address_is_text_or_an_object()
    {
        var schemas = (await DocumentAsync()).GetProperty("components").GetProperty("schemas");
        Assert.Equal(2, schemas.GetProperty("AddressText").GetProperty("oneOf").GetArrayLength());
    }

    private async Task<JsonElement> DocumentAsync()
    {
        using var document = JsonDocument.Parse(await gateway.Http.GetStringAsync("/openapi/v1.json"));
        return document.RootElement.Clone();
    }
}
