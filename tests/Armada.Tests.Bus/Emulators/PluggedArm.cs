using System.Diagnostics;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Emulators.Servos;
using Armada.Tests.Bus.Codec;

namespace Armada.Tests.Bus.Emulators;

/// <summary>An emulated arm on a pseudo-terminal, and a host that has opened it.</summary>
internal sealed class PluggedArm : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("armada-bus-");
    private ISerialLink link;

    public PluggedArm(EmulatedArm arm, bool wireTiming = false)
    {
        Bus = new EmulatedBus(arm, Path.Combine(folder.FullName, "arm"), wireTiming);
        link = SerialPorts.Create().Open(Bus.Port, 1_000_000);
    }

    public EmulatedBus Bus { get; }

    /// <summary>Six servos that stand where the reference's examples have them.</summary>
    public static PluggedArm OfReference() => new(new EmulatedArm(ReferenceServos()));

    public static EmulatedServo[] ReferenceServos() =>
        [.. new[] { 2048, 1024, 3072, 2047, 2500, 1500 }.Select((position, i) => new EmulatedServo((byte)(i + 1), position: position))];

    /// <summary>Sends bytes and reads what comes back until there are as many bytes as in <paramref name="expected"/>.</summary>
    public void Expect(string sent, string expected)
    {
        Send(sent);
        Assert.Equal(expected.Replace("| ", "", StringComparison.Ordinal), Receive(ReferenceVectors.Bytes(expected.Replace("|", "", StringComparison.Ordinal)).Length));
    }

    public void Send(string hex) => Send(ReferenceVectors.Bytes(hex));

    public void Send(ReadOnlySpan<byte> bytes) => link.Write(bytes, default);

    public string Receive(int bytes)
    {
        var buffer = new byte[bytes];
        Read(buffer);
        return BitConverter.ToString(buffer).Replace('-', ' ');
    }

    /// <summary>Fills the buffer; allocates nothing when it succeeds.</summary>
    public void Read(Span<byte> buffer)
    {
        var start = Stopwatch.GetTimestamp();
        for (var come = 0; come < buffer.Length;)
        {
            come += link.Read(buffer[come..], Patience, default);
            if (Stopwatch.GetElapsedTime(start) > Patience)
                Assert.Fail($"only {come} of {buffer.Length} bytes came: {Convert.ToHexString(buffer[..come])}");
        }
    }

    /// <summary>A driver on the open port that asks each thing once, and waits long enough for a busy machine.</summary>
    public FeetechBus Driver() => new(link, BusTiming.Default with
    {
        Retries = 0,
        SyncAllowance = TimeSpan.FromMilliseconds(300),
        AnswerAllowance = TimeSpan.FromMilliseconds(300),
    });

    public void Reopen()
    {
        link.Dispose();
        link = SerialPorts.Create().Open(Bus.Port, 1_000_000);
    }

    /// <summary>Closes, waits until the bus has noticed, and opens again.</summary>
    public void CloseAndReopen()
    {
        var terminal = new FileInfo(Bus.Port).LinkTarget;
        link.Dispose();
        Testing.Until(() => new FileInfo(Bus.Port).LinkTarget != terminal, "the bus did not notice that its client closed");
        Reopen();
    }

    public void Dispose()
    {
        link.Dispose();
        Bus.Dispose();
        folder.Delete(recursive: true);
    }
}
