using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using Armada.Bench.Rows;
using Armada.Silo;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Network;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Armada.Bench.Soak;

/// <summary>A silo in this process, so that its heap can be read, and robots with a leader and a follower each.</summary>
internal sealed class SoakSetup : IAsyncDisposable
{
    private readonly TempFolder data;
    private readonly WebApplication silo;
    private readonly ErrorCount errors;

    private SoakSetup(TempFolder data, WebApplication silo, ErrorCount errors, Uri address, int port, int robots)
    {
        (this.data, this.silo, this.errors, Address, Port, Robots) = (data, silo, errors, address, port, robots);
        Http = new HttpClient { BaseAddress = address };
    }

    public Uri Address { get; }

    public int Robots { get; }

    /// <summary>Where devices connect, over TLS.</summary>
    public int Port { get; }

    /// <summary>Every robot's leader and follower, in turn.</summary>
    public (string Name, X509Certificate2 Certificate)[] Devices { get; private set; } = [];

    public HttpClient Http { get; }

    /// <summary>Errors the silo has logged.</summary>
    public int Errors => errors.Count;

    /// <summary>The first of them.</summary>
    public string? FirstError => errors.First;

    public static string RobotName(int robot) => $"soak-{robot}";

    public static string LeaderOf(int robot) => $"soak-leader-{robot}";

    public static string FollowerOf(int robot) => $"soak-follower-{robot}";

    public static async Task<SoakSetup> StartAsync(int robots)
    {
        var data = new TempFolder();
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        var port = FreePort.Next();
        var errors = new ErrorCount();
        var options = new SiloOptions
        {
            Http = new() { Urls = [address] },
            DataDirectory = data.Path,
            Broker = new() { Address = IPAddress.Loopback, Port = port },
        };
        var silo = SiloHost.Build(options, logging => logging.ClearProviders().SetMinimumLevel(LogLevel.Error).AddProvider(errors));
        await silo.StartAsync();
        var setup = new SoakSetup(data, silo, errors, address, port, robots);
        var devices = new List<(string Name, X509Certificate2 Certificate)>();
        for (var robot = 0; robot < robots; robot++)
        {
            foreach (var (name, kind) in new[] { (LeaderOf(robot), "so101-leader"), (FollowerOf(robot), "so101-follower") })
                devices.Add((name, await RouterUnderLoad.RegisterAsync(setup.Http, name, kind)));
            await setup.MakeAsync(RobotName(robot), FollowerOf(robot));
        }

        setup.Devices = [.. devices];
        return setup;
    }

    /// <summary>A part of the silo.</summary>
    public T Part<T>()
        where T : notnull => silo.Services.GetRequiredService<T>();

    /// <summary>Makes a robot with one follower.</summary>
    public async Task MakeAsync(string robot, string follower)
    {
        await SendAsync(HttpMethod.Post, "robots", new { id = robot, model = "so101" });
        await SendAsync(HttpMethod.Post, $"robots/{robot}/slaves", new { type = "device", device = follower });
    }

    /// <summary>Asks the API, which must do what it is asked or refuse it: a fault ends the soak.</summary>
    public async Task<bool> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/{path}") { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await Http.SendAsync(request);
        return (int)response.StatusCode < 500
            ? response.IsSuccessStatusCode
            : throw new InvalidOperationException($"{method} {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await silo.StopAsync();
        await silo.DisposeAsync();
        data.Dispose();
    }
}
