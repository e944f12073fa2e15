using System.Globalization;
using System.Net.Sockets;
using Armada.Emulators.Bus;

namespace Armada.Emulators.Command;

/// <summary>Commands to a running emulator, one a line, each with one line of answer: <c>ok …</c> or <c>error …</c>.</summary>
internal sealed class EmulatorCommands
{
    private readonly EmulatedBus bus;
    private readonly Dictionary<string, Order> orders;

    public EmulatorCommands(EmulatedBus bus)
    {
        this.bus = bus;
        var faults = bus.Faults;
        Order[] orders =
        [
            new("silence", "ID", a => faults.Silence(Servo(a[0]))),
            new("speak", "ID", a => faults.Silence(Servo(a[0]), false)),
            new("late", "ID MILLISECONDS", a => faults.Late(Servo(a[0]), TimeSpan.FromMilliseconds(Number(a[1], 0, 60_000)))),
            new("corrupt", "ANSWERS", a => faults.CorruptNext((int)Number(a[0], 0, int.MaxValue))),
            new("corrupt-rate", "PART", a => faults.CorruptRate(Number(a[0], 0, 1))),
            new("partial", "ANSWERS", a => faults.PartialNext((int)Number(a[0], 0, int.MaxValue))),
            new("overload", "ID", a => bus.Arm.TripOverload(Servo(a[0]))),
            new("supply", "VOLTS", a => bus.Arm.Supply = Number(a[0], 0, 30)),
            new("dip", "", _ => bus.Arm.PowerDip()),
            new("unplug", "", _ => bus.Unplug()),
            new("replug", "", _ => bus.Replug()),
        ];
        this.orders = orders.ToDictionary(o => o.Name, StringComparer.Ordinal);
    }

    /// <returns>The answer, without an end of line.</returns>
    public string Obey(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        switch (words)
        {
            case []:
                return "error empty line; try help";
            case ["help"]:
                return $"ok {string.Join("; ", orders.Values.Select(o => o.ToString()).Append("pose").Append("help"))}";
            case ["pose"]:
                return $"ok {Pose()}";
            case [var name, .. var arguments] when orders.TryGetValue(name, out var order):
                if (arguments.Length != order.Arguments)
                    return $"error usage: {order}";
                return Try(order, arguments);
            default:
                return $"error no command '{words[0]}'; try help";
        }
    }

    private static string Try(Order order, string[] arguments)
    {
        try
        {
            order.Do(arguments);
            return "ok";
        }
        catch (FormatException refusal)
        {
            return $"error {refusal.Message}";
        }
    }

    private string Pose()
    {
        Span<double> pose = stackalloc double[bus.Arm.Joints.Count];
        bus.Arm.Pose(pose);
        var words = new string[pose.Length];
        for (var i = 0; i < words.Length; i++)
            words[i] = string.Create(CultureInfo.InvariantCulture, $"{bus.Arm.Joints[i].Name}={pose[i]:F2}");
        return string.Join(' ', words);
    }

    private byte Servo(string word)
    {
        foreach (var joint in bus.Arm.Joints)
        {
            if (joint.Id.ToString(CultureInfo.InvariantCulture) == word)
                return joint.Id;
        }

        throw new FormatException($"there is no servo {word}");
    }

    private static double Number(string word, double least, double most) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{word}' is no number from {least} to {most}"));

    private sealed record Order(string Name, string Usage, Action<string[]> Do)
    {
        public int Arguments => Usage.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

        public override string ToString() => $"{Name} {Usage}".TrimEnd();
    }
}

/// <summary>A unix socket that takes <see cref="EmulatorCommands"/>; any number of clients, each served in turn of its lines.</summary>
internal sealed class EmulatorSocket : IDisposable
{
    private readonly string path;
    private readonly EmulatorCommands lines;
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <exception cref="IOException">The socket cannot be made.</exception>
    public EmulatorSocket(string path, EmulatorCommands lines)
    {
        this.path = path;
        this.lines = lines;
        try
        {
            if (IsAbandoned(path))
                File.Delete(path);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            listener.Dispose();
            throw new IOException($"cannot make the control socket {path}: {error.Message}", error);
        }
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        List<Task> clients = [];
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(cancellation);
                clients.RemoveAll(c => c.IsCompleted);
                clients.Add(ServeAsync(client, cancellation));
            }
        }
        finally
        {
            await Task.WhenAll(clients).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        File.Delete(path);
    }

    public static async Task ConverseAsync(EmulatorCommands lines, TextReader input, TextWriter output, CancellationToken cancellation)
    {
        while (await input.ReadLineAsync(cancellation) is { } line)
        {
            await output.WriteLineAsync(lines.Obey(line).AsMemory(), cancellation);
            await output.FlushAsync(cancellation);
        }
    }

    private async Task ServeAsync(Socket client, CancellationToken cancellation)
    {
        await using var stream = new NetworkStream(client, ownsSocket: true);
        using var reader = new StreamReader(stream);
        await using var writer = new StreamWriter(stream);
        try
        {
            await ConverseAsync(lines, reader, writer, cancellation);
        }
        catch (IOException)
        {
            // The client left in the midst of a line, which is its right.
            return;
        }
    }

    /// <summary>Whether a socket of that name is left over from a program that is no more.</summary>
    private static bool IsAbandoned(string path)
    {
        if (!File.Exists(path))
            return false;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return false;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }
}
