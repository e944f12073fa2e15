using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Core.Control;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Hosting;

namespace Armada.EdgeAgent.Stops;

/// <summary>The one-line JSON answer to a command on the control socket.</summary>
/// <param name="Stopped">Whether the agent's own stop is latched now.</param>
/// <param name="StoppedBySilo">Devices that a stop of the silo's still holds.</param>
/// <param name="Devices">With status: each device's presence.</param>
/// <param name="Socket">Where the agent listens; null where none answered.</param>
public sealed record ControlAnswer(
    bool Ok,
    bool Stopped,
    string? Error = null,
    string? Socket = null,
    IReadOnlyList<string>? StoppedBySilo = null,
    IReadOnlyDictionary<string, Presence>? Devices = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class ControlAnswerJson : JsonSerializerContext;

/// <summary>Answers stop, reset, recover and status on the control socket, one line each.</summary>
internal sealed partial class ControlSocketServer(
    ControlSocketPlace place, LocalStop stop, IReadOnlyList<Device> devices, Supervisor supervisor, ILogger<ControlSocketServer> logger) : BackgroundService
{
    private const int MaxLine = 256;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The socket that listens; null before it is opened, and after a fault until it is opened again.</summary>
    internal Socket? Listener { get; private set; }

    /// <exception cref="Configuration.ConfigurationException">Another agent listens there, or the path cannot be used.</exception>
    public void Open() => Listener = ControlSocket.Listen(place);

    public override void Dispose()
    {
        if (Listener is { } socket)
        {
            Listener = null;
            socket.Dispose();
            File.Delete(place.Path);
        }

        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => supervisor.RunAsync("control socket", AcceptAsync, stoppingToken);

    private async Task AcceptAsync(CancellationToken cancellation)
    {
        var clients = new List<Task>();
        try
        {
            Listener ??= ControlSocket.Listen(place);
            while (true)
            {
                var client = await Listener.AcceptAsync(cancellation);
                clients.RemoveAll(task => task.IsCompleted);
                clients.Add(ServeAsync(client, cancellation));
            }
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            Listener?.Dispose();
            Listener = null;
            throw;
        }
        finally
        {
            await Task.WhenAll(clients);
        }
    }

    private async Task ServeAsync(Socket client, CancellationToken cancellation)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        idle.CancelAfter(IdleTimeout);
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            while (await ReadLineAsync(stream, idle.Token) is { } line)
            {
                var answer = JsonSerializer.SerializeToUtf8Bytes(await AnswerAsync(line, ControlSocket.PeerOf(client), idle.Token), ControlAnswerJson.Default.ControlAnswer);
                await stream.WriteAsync((byte[])[.. answer, (byte)'\n'], idle.Token);
                idle.CancelAfter(IdleTimeout);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            LogClientLeft(e.Message);
        }
#pragma warning disable CA1031 // The top of one client's loop: its fault disturbs nobody else.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogClientFault(fault);
        }
    }

    private static async Task<string?> ReadLineAsync(Stream stream, CancellationToken cancellation)
    {
        var line = new byte[MaxLine];
        for (var length = 0; length < line.Length; length++)
        {
            if (await stream.ReadAsync(line.AsMemory(length, 1), cancellation) == 0)
                return null;
            if (line[length] == '\n')
                return Encoding.UTF8.GetString(line, 0, length).Trim();
        }

        return "";
    }

    private async Task<ControlAnswer> AnswerAsync(string command, uint? user, CancellationToken cancellation)
    {
        switch (command.Split(' '))
        {
            case ["stop"]:
                stop.Latch();
                LogStopped(user);
                return Now();
            case ["reset"]:
                stop.Release();
                LogReset(user);
                return Now();
            case ["recover", var device, var joint]:
                return await RecoverAsync(device, joint, cancellation) is { } error ? Now() with { Ok = false, Error = error } : Now();
            case ["status"]:
                return Now() with { Devices = devices.ToDictionary(device => device.Name, device => device.Presence()) };
            default:
                return Now() with { Ok = false, Error = "unknown command; use stop, reset, recover or status" };
        }
    }

    private async Task<string?> RecoverAsync(string name, string joint, CancellationToken cancellation)
    {
        if (devices.FirstOrDefault(device => device.Name == name) is not { } device)
            return $"there is no device '{name}' here; there is {string.Join(", ", devices.Select(device => device.Name))}";
        var answer = new TaskCompletionSource<ControlReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        return device.BusCommands.TryAdd(new ControlMessage("", ControlOp.Recover, Joint: joint), answer.SetResult)
            ? (await answer.Task.WaitAsync(cancellation)).Error
            : "too many commands wait for the bus; try again";
    }

    private ControlAnswer Now()
    {
        var bySilo = devices.Where(device => device.Stops.IsRemoteLatched).Select(device => device.Name).ToArray();
        return new ControlAnswer(Ok: true, stop.IsLatched, Socket: place.Path, StoppedBySilo: bySilo.Length > 0 ? bySilo : null);
    }

    [LoggerMessage(3300, LogLevel.Warning, "Local stop latched by user {User}: every arm holds until a local reset")]
    private partial void LogStopped(uint? user);

    [LoggerMessage(3301, LogLevel.Information, "Local stop released by user {User}")]
    private partial void LogReset(uint? user);

    [LoggerMessage(3302, LogLevel.Debug, "A client of the control socket left: {Reason}")]
    private partial void LogClientLeft(string reason);

    [LoggerMessage(3303, LogLevel.Error, "A client of the control socket could not be answered; its connection is closed")]
    private partial void LogClientFault(Exception fault);
}
