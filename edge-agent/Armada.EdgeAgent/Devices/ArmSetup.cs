using System.Collections.Immutable;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.ServoBus;

namespace Armada.EdgeAgent.Devices;

/// <summary>Brings an arm from an open bus to where its loop can begin: which calibration holds, and which servos are there.</summary>
internal sealed partial class ArmSetup(Device device, ArmCalibration? file, ILogger<ArmSetup> logger)
{
    private ImmutableArray<ServoEeprom?> survey;

    /// <summary>The calibration that holds: the servos' own, or the file's where the servos agree with it.</summary>
    /// <exception cref="ArmNotReadyException">They differ and may not be written.</exception>
    public ArmCalibration Calibrate(FeetechBus bus, CancellationToken cancellation)
    {
        try
        {
            return Find(bus, cancellation);
        }
        catch
        {
            // Whoever had the arm before, as an agent that was killed, may have left it under power.
            ServoArm.TryTorqueOff(bus);
            throw;
        }
    }

    /// <summary>Starts an arm as it was found.</summary>
    /// <exception cref="ArmNotReadyException">No servo is ready, or one keeps a calibration that cannot be used.</exception>
    public ArmStartupReport Start(ServoArm arm, CancellationToken cancellation) => Start(arm, arm.Calibration, cancellation);

    /// <summary>Starts an arm again when servos came back that its start left out: their calibration is looked at as at first.</summary>
    /// <exception cref="ArmNotReadyException">As with <see cref="Calibrate"/> and <see cref="Start(ServoArm, CancellationToken)"/>.</exception>
    public ArmStartupReport StartAgain(ServoArm arm, CancellationToken cancellation) => Start(arm, Calibrate(arm.Bus, cancellation), cancellation);

    private ArmStartupReport Start(ServoArm arm, ArmCalibration calibration, CancellationToken cancellation)
    {
        var start = TryStart(arm, calibration, cancellation);
        foreach (var problem in start.Problems)
            LogProblem(device.Name, problem);
        if (start.Ready.IsEmpty)
            throw new ArmNotReadyException($"no servo is ready on {arm.Bus.Port}: check the arm's power and its cable");
        return start;
    }

    private ArmCalibration Find(FeetechBus bus, CancellationToken cancellation)
    {
        try
        {
            survey = ServoArm.Survey(bus, cancellation);
            if (file is null)
                return ArmCalibration.OfServos(bus.Port);
            var mismatches = ServoCalibration.Compare(survey, file);
            if (mismatches is [var first, ..])
                Reconcile(bus, file, first, mismatches, cancellation);
            return file;
        }
        catch (CalibrationException e)
        {
            throw new ArmNotReadyException(e.Message);
        }
    }

    private ArmStartupReport TryStart(ServoArm arm, ArmCalibration calibration, CancellationToken cancellation)
    {
        try
        {
            return arm.Start(survey, calibration, cancellation);
        }
        catch (CalibrationException e)
        {
            throw new ArmNotReadyException(e.Message);
        }
    }

    private void Reconcile(
        FeetechBus bus, ArmCalibration wanted, CalibrationMismatch first, ImmutableArray<CalibrationMismatch> all, CancellationToken cancellation)
    {
        if (device.Settings.OnCalibrationMismatch == OnMismatch.Refuse)
        {
            throw new ArmNotReadyException(
                $"{wanted.Source} is not the calibration of these servos ({first}{(all.Length > 1 ? $", and {all.Length - 1} more" : "")}): "
                + "name the right file, or set on_calibration_mismatch to write-servos");
        }

        ServoCalibration.Write(bus, wanted, survey, cancellation);
        survey = ServoArm.Survey(bus, cancellation);
        LogWritten(device.Name, wanted.Source, all.Length);
    }

    [LoggerMessage(3010, LogLevel.Warning, "{Device}: {Problem}")]
    private partial void LogProblem(string device, string problem);

    [LoggerMessage(3011, LogLevel.Warning, "{Device}: wrote {Count} value(s) of {Source} into its servos")]
    private partial void LogWritten(string device, string source, int count);
}
