using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo;
using Armada.Silo.Options;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Cluster.Conformance;

/// <summary>One silo of a cluster in this process, whole but for its links, which reach no broker, and the robots' clock.</summary>
internal sealed class SiloUnderTest : IAsyncDisposable
{
    private readonly WebApplication silo;

    public SiloUnderTest(string folder, SiloClusterOptions? cluster, TimeProvider robots, ILoggerProvider logs, QuietLink.Heard heard) => silo = SiloHost.Build(
        new SiloOptions { DataDirectory = folder, Http = new() { Urls = [new Uri("http://127.0.0.1:0")] }, Cluster = cluster },
        logging => logging.AddProvider(logs),
        services =>
        {
            services.AddSingleton<IMqttLink>(new QuietLink { OnPublish = heard });
            services.AddSingleton(new SiloClock(robots));
        });

    public Task StartAsync() => silo.StartAsync();

    public T Of<T>() where T : notnull => silo.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        SiloStops.Begin();
        await silo.StopAsync();
        await silo.DisposeAsync();
    }
}
