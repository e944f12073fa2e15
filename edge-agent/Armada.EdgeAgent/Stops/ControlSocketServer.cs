using System.Net.Sockets;
using System.Text.Json;
using Armada.EdgeAgent.Devices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Stops;

/// <summary>Answers stop, reset and status on the control socket, one line each.</summary>
internal sealed partial class ControlSocketServer(
    string path, LocalStop stop, IReadOnlyList<Device> devices, ILogger<ControlSocketServer> logger) : BackgroundService
{
    private const int LongestLine = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private Socket? listener;

    /// <summary>Makes the socket.</summary>
    /// <exception cref="Configuration.ConfigurationException">Another agent listens there, or the path cannot be used.</exception>
    public void Open() => listener = ControlSocket.Listen(path);

    public override void Dispose()
    {
        if (listener is { } socket)
        {
            listener = null;
            socket.Dispose();
            File.Delete(path);
        }

        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var talks = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener!.AcceptAsync(stoppingToken);
                talks.RemoveAll(talk => talk.IsCompleted);
                talks.Add(TalkAsync(client, stoppingToken));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(talks);
        }
    }

    private async Task TalkAsync(Socket client, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            while (await ReadLineAsync(stream, patience.Token) is { } line)
            {
                var answer = JsonSerializer.SerializeToUtf8Bytes(Answer(line), ControlAnswerJson.Default.ControlAnswer);
                await stream.WriteAsync(answer, patience.Token);
                await stream.WriteAsync("\n"u8.ToArray(), patience.Token);
                patience.CancelAfter(Patience);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            LogTalkEnded(e.Message);
        }
    }

    private static async Task<string?> ReadLineAsync(Stream stream, CancellationToken cancellation)
    {
        var line = new byte[LongestLine];
        for (var length = 0; length < line.Length; length++)
        {
            if (await stream.ReadAsync(line.AsMemory(length, 1), cancellation) == 0)
                return null;
            if (line[length] == '\n')
                return System.Text.Encoding.UTF8.GetString(line, 0, length).Trim();
        }

        return "";
    }

    private ControlAnswer Answer(string command)
    {
        switch (command)
        {
            case "stop":
                stop.Latch();
                LogStopped();
                return Now();
            case "reset":
                stop.Release();
                LogReset();
                return Now();
            case "status":
                return Now() with { Devices = devices.ToDictionary(device => device.Name, device => device.Presence()) };
            default:
                return Now() with { Ok = false, Error = "unknown command; use stop, reset or status" };
        }
    }

    private ControlAnswer Now()
    {
        var bySilo = devices.Where(device => device.Stops.IsRemoteLatched).Select(device => device.Name).ToArray();
        return new ControlAnswer(Ok: true, stop.IsLatched, StoppedBySilo: bySilo.Length > 0 ? bySilo : null);
    }
}
