using System.Diagnostics;
using Armada.Devices.Serial;
using Armada.Devices.Serial.Posix;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Emulators.Servos;
using Armada.Tests.Bus.Codec;

namespace Armada.Tests.Bus.Emulators;

/// <summary>An emulated arm on a pseudo-terminal, and a host that has opened it.</summary>
internal sealed class PluggedArm : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("armada-bus-");
    private ISerialLink _link;

    public PluggedArm(EmulatedArm arm, bool wireTiming = false)
    {
        Bus = new EmulatedBus(arm, Path.Combine(_folder.FullName, "arm"), wireTiming);
        _link = new PosixSerialPorts().Open(Bus.Port, 1_000_000);
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

    public void Send(ReadOnlySpan<byte> bytes) => _link.Write(bytes, default);

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
            come += _link.Read(buffer[come..], _patience, default);
            if (Stopwatch.GetElapsedTime(start) > _patience)
                Assert.Fail($"only {come} of {buffer.Length} bytes came: {Convert.ToHexString(buffer[..come])}");
        }
    }

    /// <summary>A driver on the open port that asks each thing once, and waits long enough for a busy machine.</summary>
    public FeetechBus Driver() => new(_link, BusTiming.Default with
    {
        Retries = 0,
        SyncAllowance = TimeSpan.FromMilliseconds(300),
        AnswerAllowance = TimeSpan.FromMilliseconds(300),
    });

    public void Reopen()
    {
        _link.Dispose();
        _link = new PosixSerialPorts().Open(Bus.Port, 1_000_000);
    }

    /// <summary>Closes, waits until the bus has noticed, and opens again.</summary>
    public void CloseAndReopen()
    {
        var terminal = new FileInfo(Bus.Port).LinkTarget;
        _link.Dispose();
        Testing.Until(() => new FileInfo(Bus.Port).LinkTarget != terminal, "the bus did not notice that its client closed");
        Reopen();
    }

    public void Dispose()
    {
        _link.Dispose();
        Bus.Dispose();
        _folder.Delete(recursive: true);
    }
}
