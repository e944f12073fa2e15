using System.Globalization;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;

namespace Armada.EdgeAgent.Cli;

/// <summary>Lists the servos on a bus; writes nothing to them.</summary>
internal static class BusScan
{
    private const int Baud = 1_000_000;

    // A person waits for 254 pings, so the allowance is that of a sync read. An answer that a busy machine delivers later than that is
    // seldom late a second time.
    private const int Passes = 2;
    private static readonly BusTiming Quick = new()
    {
        AnswerAllowance = TimeSpan.FromMilliseconds(4),
        LateAllowance = TimeSpan.FromMilliseconds(4),
        Retries = 0,
    };

    /// <returns>0 where there is one, else 1.</returns>
    /// <exception cref="ConfigurationException">The port cannot be opened, or vanished.</exception>
    public static int Run(string port, ISerialPorts ports, TextWriter output, CancellationToken cancellation)
    {
        try
        {
            using var link = ports.Open(port, Baud);
            var servos = Find(new FeetechBus(link, Quick), cancellation);
            var bus = new FeetechBus(link);
            output.WriteLine(" id  model  firmware  position  volts  °C  errors");
            foreach (var (id, errors) in servos)
                output.WriteLine(Line(bus, id, errors, cancellation));
            output.WriteLine(servos.Count == 0 ? $"no servo answers on {port}; check power and cables" : $"{servos.Count} servo(s)");
            return servos.Count == 0 ? AgentCommands.Failed : AgentCommands.Done;
        }
        catch (Exception e) when (e is SerialOpenException or SerialLostException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static SortedDictionary<byte, ServoErrors> Find(FeetechBus bus, CancellationToken cancellation)
    {
        var servos = new SortedDictionary<byte, ServoErrors>();
        for (var pass = 0; pass < Passes; pass++)
        {
            for (byte id = 0; id <= ServoFrame.MaxId; id++)
            {
                if (!servos.ContainsKey(id) && bus.Ping(id, cancellation) is { IsOk: true } answer)
                    servos.Add(id, answer.Errors);
            }
        }

        return servos;
    }

    private static string Line(FeetechBus bus, byte id, ServoErrors errors, CancellationToken cancellation)
    {
        var major = bus.Read(id, Sts3215.FirmwareMajorVersion, cancellation).Value;
        var minor = bus.Read(id, Sts3215.FirmwareMinorVersion, cancellation).Value;
        var model = bus.Read(id, Sts3215.ModelNumber, cancellation).Value;
        var position = bus.Read(id, Sts3215.PresentPosition, cancellation).Value;
        var volts = bus.Read(id, Sts3215.PresentVoltage, cancellation).Value / 10.0;
        var celsius = bus.Read(id, Sts3215.PresentTemperature, cancellation).Value;
        var condition = errors == ServoErrors.None ? "none" : errors.ToString();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{id,3}  {model,5}  {major + "." + minor,8}  {position,8}  {volts,5:0.0}  {celsius,2}  {condition}");
    }
}
