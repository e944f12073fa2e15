using Armada.Silo.Access;
using Armada.Tests.Silo.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Access;

public sealed class RoleTests(Broker broker) : IClassFixture<Broker>
{
    private static readonly Role?[] Callers = [null, Role.Viewer, Role.Operator, Role.Admin];

    [Fact]
    public async Task Every_route_lets_in_its_role_and_those_above_and_nobody_else()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var keys = await MakeKeysAsync(silo);
        var wrong = new List<string>();
        foreach (var route in Routes(silo))
        {
            var least = route.Metadata.GetMetadata<AllowedRole>()?.Role;
            foreach (var caller in Callers)
            {
                silo.UseKey(caller is { } role ? keys[role] : null);
                foreach (var method in route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                {
                    var (status, problem) = await silo.AskAsync(new HttpMethod(method), PathOf(route));
                    var expected = least is null ? null : caller is null ? "unauthorized" : caller < least ? "forbidden" : null;
                    var refused = problem is "unauthorized" or "forbidden" ? problem : null;
                    if (refused != expected)
                        wrong.Add($"{method} {route.RoutePattern.RawText} as {caller?.ToString() ?? "nobody"}: {status} {problem}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Every_route_says_whom_it_lets_in_and_only_health_and_what_brings_a_secret_of_its_own_let_in_everyone()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        var open = Routes(silo).Where(route => route.Metadata.GetMetadata<AllowedRole>() is null).ToList();

        // RobotHub's launchers have four more places that tell, always in the same words, that the server is alive.
        Assert.Equal(
            ["/api/health", "/api/robotics/health", "/api/v1/bundles/{secret}", "/api/v1/enrollments", "/health", "/healthz", "/readyz", "/robotics/health"],
            open.Select(route => route.RoutePattern.RawText!.TrimEnd('/')).Order(StringComparer.Ordinal));
        Assert.All(open, route => Assert.NotNull(route.Metadata.GetMetadata<IAllowAnonymous>()));
    }

    [Fact]
    public async Task A_viewer_only_looks_and_keys_and_the_trail_are_for_admins()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        foreach (var route in Routes(silo).Where(route => route.Metadata.GetMetadata<AllowedRole>() is not null))
        {
            var least = route.Metadata.GetMetadata<AllowedRole>()!.Role;
            var (path, methods) = (route.RoutePattern.RawText!, route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods);
            if (path.StartsWith("/api/v1/keys", StringComparison.Ordinal) || path.StartsWith("/api/v1/audit", StringComparison.Ordinal))
                Assert.Equal(Role.Admin, least);
            else if (least == Role.Viewer)
                Assert.All(methods, method => Assert.Equal("GET", method));
        }
    }

    [Fact]
    public async Task A_route_that_says_nothing_is_for_admins()
    {
        await using var silo = await RunningSilo.StartAsync(broker, map: app => app.MapGet("/silent", () => "through"));
        var keys = await MakeKeysAsync(silo);

        silo.UseKey(keys[Role.Operator]);
        Assert.Equal((403, "forbidden"), await silo.AskAsync(HttpMethod.Get, "/silent"));
        silo.UseKey(keys[Role.Admin]);
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/silent"));
    }

    [Fact]
    public async Task What_is_not_there_is_told_to_callers_and_not_to_strangers()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var keys = await MakeKeysAsync(silo);

        silo.UseKey(null);
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/nowhere"));
        silo.UseKey(keys[Role.Viewer]);
        Assert.Equal((404, "http-404"), await silo.AskAsync(HttpMethod.Get, "/nowhere"));
        Assert.Equal((405, "http-405"), await silo.AskAsync(HttpMethod.Patch, "/api/v1/robots"));
    }

    private static async Task<Dictionary<Role, string>> MakeKeysAsync(RunningSilo silo)
    {
        var admin = await silo.MakeKeyAsync("boss", "admin");
        silo.UseKey(admin);
        return new()
        {
            [Role.Admin] = admin,
            [Role.Operator] = await silo.MakeKeyAsync("hands", "operator"),
            [Role.Viewer] = await silo.MakeKeyAsync("eyes", "viewer"),
        };
    }

    private static IEnumerable<RouteEndpoint> Routes(RunningSilo silo) =>
        silo.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static string PathOf(RouteEndpoint route) =>
        route.RoutePattern.RawText!.Replace("{id}", "x", StringComparison.Ordinal).Replace("{slave}", "y", StringComparison.Ordinal)
            .Replace("{documentName}", "v1", StringComparison.Ordinal);
}
