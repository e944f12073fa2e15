using Armada.Bench.Yardstick;
using Armada.Mqtt;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Bench;

/// <summary>The bare relay as a process, like the silo it is compared with.</summary>
internal static class RelayProgram
{
    public static async Task<int> RunAsync(int port, CancellationToken cancellation)
    {
        await using var relayed = new MqttLink(new LinkOptions { ClientId = "bench-relay", Port = port }, NullLogger<MqttLink>.Instance);
        var up = new TaskCompletionSource();
        relayed.StateChanged += state =>
        {
            if (state == LinkState.Up)
                up.TrySetResult();
        };
        new BareRelay(relayed).Start();
        await relayed.StartAsync(cancellation);
        await up.Task.WaitAsync(cancellation);
        Console.WriteLine("relaying");
        var ended = new TaskCompletionSource();
        await using var end = cancellation.Register(ended.SetResult);
        await ended.Task;
        return 0;
    }
}
