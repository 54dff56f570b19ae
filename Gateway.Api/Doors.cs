using Gateway.Api.Acceptance;
using Gateway.Api.Events;
using Gateway.Api.Manage;
using Gateway.Api.Messages;
using Gateway.Api.Operator;
using Gateway.Api.Problems;
using Gateway.Api.Resends;
using Gateway.Api.Sandbox;
using Gateway.Api.Subscriptions;
using Gateway.Api.Suppressions;
using Gateway.Api.Throttling;

namespace Gateway.Api;

/// <summary>Everything that answers over HTTP: the tenants' doors, each with its limits told, and the operator's.</summary>
internal static class Doors
{
    public static void MapDoors(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json");
        var tenants = app.MapGroup("").DescribeProblems().TellLimits();
        tenants.MapSending();
        tenants.MapMessageReading();
        tenants.MapResends();
        tenants.MapEvents();
        tenants.MapSandbox();
        tenants.MapManagement();
        tenants.MapSubscriptions();
        tenants.MapSuppressions();
        app.MapOperator();
    }
}
