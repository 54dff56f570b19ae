using System.Text;

namespace Gateway.Tests.Doors;

/// <summary>Another tenant's message is not there, in the same words as one that never was (A23).</summary>
[Collection(DoorCollection.Name)]
public sealed class UnknownMessageTests(DoorGateway gateway)
{
    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "/cancel")]
    [InlineData("POST", "/release")]
    [InlineData("POST", "/resend")]
    public async Task Anothers_message_is_answered_like_one_that_never_was(string method, string action)
    {
        var owner = await gateway.Ledger.CreateTenantAsync();
        var message = Encoding.UTF8.GetBytes(DoorCases.GoodMessage(owner.Domain).ToJsonString());
        var id = (await gateway.SendAsync(Door.Json, owner, message)).Id;

        var anothers = await AskAsync(method, $"/v1/messages/{id}{action}");
        var unknown = await AskAsync(method, $"/v1/messages/{Guid.CreateVersion7()}{action}");

        Assert.Equal((404, "not_found"), (unknown.Status, unknown.Code));
        Assert.Equal(unknown.Status, anothers.Status);
        Assert.Equal(unknown.Body.GetRawText(), anothers.Body.GetRawText());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("..%2f")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("'%20OR%201=1--")]
    public async Task What_is_no_message_id_is_a_problem_and_never_an_error(string id)
    {
        var answer = await AskAsync("GET", $"/v1/messages/{id}");
        Assert.True(answer.Status is 400 or 404 or 422, $"{id}: {answer}");
    }

    private async Task<DoorAnswer> AskAsync(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        return await gateway.AnswerAsync(request, gateway.Tenant);
    }
}
