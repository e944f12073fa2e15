using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Api;

public sealed class OpenApiTests(Broker broker) : IClassFixture<Broker>
{
    private const string Validator = "openapi-spec-validator";

    private const int NotInstalled = 127;

    private static readonly string[] Unlimited = ["/stop", "/reset"];

    [SkippableFact]
    public async Task The_document_keeps_the_specification()
    {
        Skip.IfNot(IsOnPath(Validator), $"{Validator} is not installed (pip install {Validator})");
        await using var silo = await RunningSilo.StartAsync(broker);
        using var folder = new TempFolder();
        var file = folder.Write("openapi.json", await silo.Http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));

        await using var validator = RunningProcess.Start(Validator, file);

        var exit = await validator.ExitsAsync(TimeSpan.FromSeconds(60));
        Skip.If(exit == NotInstalled, $"{Validator} is a shim without a program behind it");
        Assert.True(exit == 0, validator.Output);
    }

    [Fact]
    public async Task Every_call_says_how_it_refuses_strangers_callers_of_too_low_a_role_and_those_that_ask_too_often()
    {
        var missing = new List<string>();
        foreach (var (call, operation) in await OperationsAsync())
        {
            string[] expected = ["unauthorized", "forbidden", "foreign-origin"];
            if (!Unlimited.Any(call.EndsWith))
                expected = [.. expected, "too-many-requests"];
            if (operation["requestBody"] is not null)
                expected = [.. expected, "invalid", "not-json", "too-large", "media-type"];
            if (operation["parameters"]?.AsArray().Any(parameter => parameter!["name"]!.GetValue<string>() == "limit") == true)
                expected = [.. expected, "invalid", "bad-request"];
            var documented = ProblemsOf(operation);
            missing.AddRange(expected.Except(documented).Select(problem => $"{call} does not document {problem}"));
        }

        Assert.Empty(missing);
    }

    [Fact]
    public async Task A_stop_is_documented_as_never_limited()
    {
        var limited = (await OperationsAsync()).Where(one => one.Operation["responses"]!["429"] is null).Select(one => one.Call);

        Assert.Equal(
            [
                "post /api/v1/fleet/reset", "post /api/v1/fleet/stop", "post /api/v1/robots/{id}/reset", "post /api/v1/robots/{id}/stop",
            ],
            limited.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_documented_problem_has_a_body_of_RFC_9457()
    {
        foreach (var (call, operation) in await OperationsAsync())
        {
            foreach (var (status, response) in operation["responses"]!.AsObject().Where(one => one.Key[0] is '4' or '5'))
                Assert.True(response!["content"]?["application/problem+json"] is not null, $"{call} {status} has no problem body");
        }
    }

    private async Task<List<(string Call, JsonNode Operation)>> OperationsAsync()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var paths = (await silo.GetAsync("/openapi/v1.json"))["paths"]!.AsObject();
        return
        [
            .. from path in paths
               where path.Key.StartsWith("/api/", StringComparison.Ordinal)
               from operation in path.Value!.AsObject()
               select ($"{operation.Key} {path.Key}", operation.Value!),
        ];
    }

    private static HashSet<string> ProblemsOf(JsonNode operation) =>
    [
        .. operation["responses"]!.AsObject().Select(response => response.Value!["description"]!.GetValue<string>())
            .SelectMany(text => text.Split('`')).Where(part => part.StartsWith("urn:armada:problem:", StringComparison.Ordinal))
            .Select(urn => urn.Split(':')[^1]),
    ];

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}
