using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Armada.Bench.Load;
using Armada.Core.Topics;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Bench.Rows;

/// <summary>A thousand devices over TLS: what one costs the silo, and how soon all are back after it was killed.</summary>
internal static class ManyDevices
{
    private const int Devices = 1000;

    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<Row>> MeasureAsync()
    {
        using var data = new TempFolder();
        var (port, address) = (FreePort.Next(), new Uri($"http://127.0.0.1:{FreePort.Next()}"));
        RunningProcess Start() => ArmadaProgram.Start(
            "Armada.Silo", "--urls", address.GetLeftPart(UriPartial.Authority), "--data", data.Path, "--broker", $"127.0.0.1:{port}");
        using var http = new HttpClient { BaseAddress = address };
        using var ending = new CancellationTokenSource();
        var connected = new Connected();
        var silo = Start();
        try
        {
            await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
            var certificates = new X509Certificate2[Devices];
            for (var device = 0; device < Devices; device++)
                certificates[device] = await RouterUnderLoad.RegisterAsync(http, $"many-{device}", "so101-follower");
            await Task.Delay(Settled);
            var before = ProcessCost.MemoryOf(silo.Id);
            var devices = certificates.Select((certificate, device) => Task.Run(() => KeepAsync(port, $"many-{device}", certificate, connected, ending.Token))).ToArray();
            await Eventually.Holds(() => $"all are connected; {connected.Count} are", () => connected.Count == Devices, TimeSpan.FromSeconds(60));
            await Task.Delay(Settled);
            var gained = ProcessCost.MemoryOf(silo.Id) - before;

            await silo.SendAsync(Signal.Kill);
            await silo.DisposeAsync();
            await Eventually.Holds("all know that the silo is gone", () => connected.Count == 0, TimeSpan.FromSeconds(10));
            var killed = Stopwatch.GetTimestamp();
            silo = Start();
            await Eventually.Holds(() => $"all are back; {connected.Count} are", () => connected.Count > 0, TimeSpan.FromSeconds(30));
            var first = Stopwatch.GetElapsedTime(killed);
            await Eventually.Holds(() => $"all are back; {connected.Count} are", () => connected.Count == Devices, TimeSpan.FromSeconds(60));
            var back = Stopwatch.GetElapsedTime(killed);
            await ending.CancelAsync();
            await Task.WhenAll(devices);
            return
            [
                new($"memory a device, {Devices} devices, TLS", $"{gained / 1024.0 / Devices:0.0} KiB", "-", "-", "≤ 25 KB"),
                new($"first device back after a killed silo's new start, {Devices} devices", $"{first.TotalSeconds:0.0} s", "-", "-", "≤ 3 s"),
                new($"all devices back after a killed silo's new start, {Devices} devices", $"{back.TotalSeconds:0.0} s", "-", "-", "≤ 10 s"),
            ];
        }
        finally
        {
            await silo.DisposeAsync();
        }
    }

    private static async Task KeepAsync(int port, string name, X509Certificate2 certificate, Connected connected, CancellationToken ending)
    {
        var topics = new TopicMap();
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await using var device = await DeviceSocket.ConnectAsync(port, name, certificate, topics, static _ => { }, ending);
                connected.Add(1);
                await Task.WhenAny(device.Ended, Task.Delay(Timeout.Infinite, ending));
                connected.Add(-1);
            }
            catch (Exception refused) when (refused is IOException or System.Net.Sockets.SocketException or OperationCanceledException or TimeoutException)
            {
                await Task.Delay(Random.Shared.Next(100, 300), CancellationToken.None);
            }
        }
    }

    private sealed class Connected
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public void Add(int change) => Interlocked.Add(ref count, change);
    }
}
