using System.Net.Sockets;
using System.Text;
using Armada.Silo.Access;
using Armada.Testing;
using Armada.Tests.Silo.Provisioning;
using Armada.Tests.Silo.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Api;

public sealed class RestFuzzTests(Broker broker) : IClassFixture<Broker>
{
    private const int Requests = 1500;

    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(20);

    // What is only half a request has no answer: then the client says that no more will come.
    private static readonly TimeSpan WaitsForMore = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(20250101)]
    [InlineData(4711)]
    [InlineData(271828)]
    public async Task Whatever_is_asked_the_silo_answers_without_a_fault_and_goes_on_routing(int seed)
    {
        await using var pair = await ArmPair.StartAsync(broker, options => options with { Http = options.Http with { Open = true, Limits = new RateLimits { Connections = 64, UnprovenConnections = 64 } } });
        var fuzz = new RequestFuzz(seed, RoutesOf(pair.Silo));
        var statuses = new Dictionary<int, int>();

        for (var number = 0; number < Requests; number++)
        {
            var request = fuzz.Next();
            var status = await SendAsync(pair.Silo.Http.BaseAddress!, request, $"seed {seed}, request {number}");
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            Assert.True(
                status is < 500 or 505, // A version of HTTP that there is not.
                $"seed {seed}, request {number} got {status}:\n{Encoding.UTF8.GetString(request)}");
        }

        foreach (var expected in new[] { 200, 404, 400, 422 })
            Assert.True(statuses.ContainsKey(expected), $"seed {seed}: no {expected} among {string.Join(", ", statuses)}; the requests are too wild");
        await pair.Silo.PostAsync("/fleet/reset");
        await pair.Silo.PostAsync("/robots/arm/reset");
        pair.Leader.Pose = [20, 0, 0, 0, 0, 0];
        await pair.Follower.CommandedAsync("the follower follows after all that", command => command.Positions[0] is > 19 and < 21);
    }

    [Fact]
    public async Task Whatever_is_asked_of_devices_bundles_and_enrollment_the_silo_answers_without_a_fault_and_gives_identities_on()
    {
        var seed = 31337;
        await using var silo = await ProvisioningRig.StartAsync(broker);
        string[] parts = ["/devices", "/bundles", "/enrollment"];
        var fuzz = new RequestFuzz(
            seed, [.. RoutesOf(silo).Where(route => parts.Any(part => route.Path.Contains(part, StringComparison.Ordinal)))]);
        var statuses = new Dictionary<int, int>();

        for (var number = 0; number < Requests / 2; number++)
        {
            var request = fuzz.Next();
            var status = await SendAsync(silo.Http.BaseAddress!, request, $"seed {seed}, request {number}");
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            Assert.True(status is < 500 or 505, $"seed {seed}, request {number} got {status}:\n{Encoding.UTF8.GetString(request)}");
        }

        foreach (var expected in new[] { 200, 201, 204, 403, 404, 410, 422 })
            Assert.True(statuses.ContainsKey(expected), $"no {expected} among {string.Join(", ", statuses)}; the requests are too wild");
        Assert.NotEmpty((await silo.CollectAsync(await silo.MakeAsync("after-all-that"))).Keys);
    }

    /// <summary>The status; 0 where the silo closed the connection without a word.</summary>
    private static async Task<int> SendAsync(Uri silo, byte[] request, string which)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(silo.Host, silo.Port);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(request);
            if (!client.Client.Poll(WaitsForMore, SelectMode.SelectRead))
                client.Client.Shutdown(SocketShutdown.Send);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            var answer = await Eventually.Happens($"the silo answers {which}", reader.ReadLineAsync(), AnswersWithin);
            return answer is null ? 0 : int.Parse(answer.Split(' ', 3)[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // It closed while we were still sending.
        }
    }

    private static List<(string Method, string Path)> RoutesOf(RunningSilo silo) =>
    [
        .. from route in silo.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           from method in route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
           select (method, "/" + route.RoutePattern.RawText!.TrimStart('/')),
    ];
}
